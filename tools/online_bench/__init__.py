"""Online tracking with detections: sets, rivals, runs and tables of the comparison."""
