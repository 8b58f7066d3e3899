"""Frames in (file, folder, MOT sequence, camera) and H.264 video out."""

from mohart.video.opening import open_source as open_source
from mohart.video.source import FrameSource as FrameSource
from mohart.video.writer import VideoWriter as VideoWriter
