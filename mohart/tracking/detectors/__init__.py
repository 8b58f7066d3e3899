"""Detectors: anything that says where objects are in a frame.

* `file:PATH`: detections that lie in a file, see `file` and docs/guide/formats.md. Option `video`.
* `motion`: what moves in front of a fixed camera, see `motion`. Options `warm_up`, `history`,
  `least_area`, `contrast`, `join`.
* `onnx:MODEL`: a YOLO-style or SSD-style network, see `onnx.detector`, `onnx.layouts` and
  `onnx.picture`. Options `size`, `overlap`, `preset`, `layout`, `runtime`, `threads`.
* `MODULE:FUNCTION`: any callable from a frame to detections, see `protocol`.

On the command line an option is `--detector-set KEY=VALUE`, in Python a keyword of
:func:`mohart.load_detector`; the constructors say what each does.
"""
