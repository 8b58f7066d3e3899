"""The learned tracker: the network's view of every object, reconciled with detections."""
