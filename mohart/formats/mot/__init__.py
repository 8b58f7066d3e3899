"""MOTChallenge: text files and seqinfo.ini."""
