// What the tracker has said: boxes by frame, runs of one state by object, doubtful moments.
// A line is [frame, seconds, [[id, x1, y1, x2, y2, confidence, state], ...]].

export const ACTIVE = 0;
export const PREDICTED = 1;
export const LOST = 2;
export const WORDS = ["seen", "predicted", "lost"];

const UNSURE = 0.5; // confidence below which a seen object is doubtful
const CROSSING = 0.2; // overlap (intersection over the smaller box) of two that meet
const HIDDEN = 3; // frames that an object is predicted before it is worth a look
const APART = 8; // frames after which two may meet again

export class Results {
  constructor() {
    this.clear();
  }

  clear() {
    this.frames = new Map();
    this.runs = new Map();
    this.doubts = [];
    this.seconds = 0;
    this.last = -1;
    this._dips = new Map();
    this._met = new Map();
  }

  add(lines) {
    for (const [frame, seconds, rows] of lines) {
      this.frames.set(frame, rows);
      this.seconds = seconds;
      this.last = Math.max(this.last, frame);
      for (const row of rows) this._extend(frame, row);
      this._crossings(frame, rows);
    }
  }

  at(frame) {
    return this.frames.get(frame) || [];
  }

  // The next doubtful moment after a frame, or before it; around the end of the video.
  next(frame, step = 1) {
    const known = [...this.doubts].sort((a, b) => a.frame - b.frame || a.id - b.id);
    if (!known.length) return null;
    if (step > 0) return known.find((doubt) => doubt.frame > frame) || known[0];
    return known.findLast((doubt) => doubt.frame < frame) || known.at(-1);
  }

  _extend(frame, [id, , , , , confidence, state]) {
    if (!this.runs.has(id)) this.runs.set(id, []);
    const runs = this.runs.get(id);
    const run = runs.at(-1);
    if (run && run.state === state && run.stop === frame) run.stop = frame + 1;
    else runs.push({ start: frame, stop: frame + 1, state });
    const now = runs.at(-1);
    if (state === LOST && now.start === frame) this._doubt(frame, id, "lost here");
    if (state === PREDICTED && frame - now.start === HIDDEN) this._doubt(now.start, id, "hidden");
    this._confidence(frame, id, confidence, state);
  }

  // One doubt per dip, at its lowest point.
  _confidence(frame, id, confidence, state) {
    const dip = this._dips.get(id);
    if (state !== ACTIVE || confidence >= UNSURE) {
      this._dips.delete(id);
    } else if (!dip) {
      this._dips.set(id, this._doubt(frame, id, `confidence ${confidence.toFixed(2)}`, confidence));
    } else if (confidence < dip.confidence) {
      Object.assign(dip, { frame, confidence, why: `confidence ${confidence.toFixed(2)}` });
    }
  }

  _crossings(frame, rows) {
    for (let a = 0; a < rows.length; a += 1) {
      for (let b = a + 1; b < rows.length; b += 1) {
        if (rows[a][6] === LOST || rows[b][6] === LOST) continue;
        if (overlap(rows[a], rows[b]) < CROSSING) continue;
        const pair = `${rows[a][0]}:${rows[b][0]}`;
        const last = this._met.get(pair);
        if (last === undefined || frame - last > APART) {
          this._doubt(frame, rows[a][0], `meets ${rows[b][0]}`, 1, rows[b][0]);
        }
        this._met.set(pair, frame);
      }
    }
  }

  _doubt(frame, id, why, confidence = 1, other = null) {
    const doubt = { frame, id, why, confidence, other };
    this.doubts.push(doubt);
    return doubt;
  }
}

function overlap([, ax1, ay1, ax2, ay2], [, bx1, by1, bx2, by2]) {
  const width = Math.min(ax2, bx2) - Math.max(ax1, bx1);
  const height = Math.min(ay2, by2) - Math.max(ay1, by1);
  if (width <= 0 || height <= 0) return 0;
  const smaller = Math.min((ax2 - ax1) * (ay2 - ay1), (bx2 - bx1) * (by2 - by1));
  return (width * height) / Math.max(smaller, 1);
}
