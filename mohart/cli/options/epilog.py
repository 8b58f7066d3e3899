"""What `mohart track --help` says at its end."""

EPILOG = """\
examples:
  mohart track clip.mp4 --box 120,80,40,90 --box 300,85,38,88 -o out/clip
  mohart track clip.mp4 --init boxes.txt --init-frame 25 --frames 500 -o out/part
  mohart track --resume out/clip --init corrections.csv
  mohart track MOT17-02/ --init MOT17-02/gt/gt.txt --init-frame 1 --tracker static -o out/still
  mohart track MOT17-02/ --detections MOT17-02/ --detect-every 5 -o out/mot17-02
  mohart track clip.mp4 --detector onnx:yolox.onnx --classes person,car --detect-every 10
  mohart track street.mp4 --detector motion -o out/street

DIR gets
  tracks.txt  MOT text: frame,id,left,top,width,height,confidence,-1,-1,-1; frames of the source
              counted from 1; active and predicted objects (lost ones with --include-lost);
              column 8 is the class with --with-classes
  tracks.csv  frame,track_id,x1,y1,x2,y2,confidence,class_id,state; frames from 0; lost ones too
  keyframes.csv, state/   the boxes that were drawn, and what --resume goes on from
  video.mp4   boxes, ids and trails (H.264, plays in a browser); dashed: predicted, corners: lost
  run.json    versions, model, configuration, timings, warnings, what became of detections
  fates.csv   with --fates: frame,row,fate,id,why of every detection, rows from 0
  events.csv  with --events: frame,track_id,class_id,event,where,direction,x,y; frames from 0
Ctrl-C, SIGTERM and SIGHUP end the run and keep what was tracked so far, in DIR-interrupted where
DIR holds earlier results; --resume completes it, and also a run that was killed.
exit codes: 0 all is well, 2 wrong use, 3 the source is damaged in part, 4 something failed on the
way and what was tracked is kept, 130 interrupted

many videos:
  mohart track videos/ --init boxes/ --jobs 8 -o out/
  mohart track 'cams/**/*.mp4' --detector onnx:yolox.onnx --jobs 8 --chunk 600 -o out/
  mohart track MOT17/train/ --detections '{source}/det/det.txt' --ray head:6379 -o out/
  mohart track --resume out/ --jobs 8

A folder of videos or of sequences, a pattern, or several names are many videos, and so is whatever
comes with --jobs or --ray. DIR gets a folder per video, named like it, and summary.csv. --init and
--detections may be a folder with a file named like each video, or a pattern with {name}, {source}
(path of the video) or {folder} (in which it is).
exit codes: 0 all are complete, 2 wrong use and nothing was begun, 3 some are damaged, failed or
missing, 4 all failed, 130 interrupted; --resume DIR goes on with those that are not complete
"""
