"""An earlier commit of this project as a rival: its own code, in a process of its own."""
