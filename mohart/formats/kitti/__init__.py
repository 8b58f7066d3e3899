"""KITTI tracking: label files and sequence maps."""
