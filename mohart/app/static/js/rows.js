// What a person has drawn: rows {frame, id, box: [x1, y1, x2, y2] or null}. null: it has left.
// Pure functions; every change gives new rows, so that undo can keep the old ones.

const key = (row) => `${row.frame}:${row.id}`;
const same = (a, b) => a === b || (a && b && a.every((value, n) => value === b[n]));

export function sorted(rows) {
  return [...rows].sort((a, b) => a.frame - b.frame || a.id - b.id);
}

export function withRows(rows, ...added) {
  const taken = new Set(added.map(key));
  return sorted([...rows.filter((row) => !taken.has(key(row))), ...added]);
}

export const withBox = (rows, frame, id, box) => withRows(rows, { frame, id, box: tidy(box) });
export const withEnd = (rows, frame, id) => withRows(rows, { frame, id, box: null });
export const without = (rows, frame, id) => rows.filter((r) => r.frame !== frame || r.id !== id);
export const withoutObject = (rows, id) => rows.filter((row) => row.id !== id);

// Each gets the other's box from this frame on.
export function withSwap(rows, frame, one, two) {
  return withRows(
    rows,
    { frame, id: one.id, box: tidy(two.box) },
    { frame, id: two.id, box: tidy(one.box) },
  );
}

// Rows of every object, found once for the rows of a moment: they are asked for in every picture.
const indices = new WeakMap();
function byId(rows) {
  if (!indices.has(rows)) {
    const found = new Map();
    for (const row of rows) {
      if (!found.has(row.id)) found.set(row.id, []);
      found.get(row.id).push(row);
    }
    indices.set(rows, found);
  }
  return indices.get(rows);
}

export const of = (rows, id) => byId(rows).get(id) || [];
export const at = (rows, frame, id) => of(rows, id).find((row) => row.frame === frame);

// The last row of an object up to a frame.
export const before = (rows, frame, id) => of(rows, id).findLast((row) => row.frame <= frame);

export const ids = (rows) => [...byId(rows).keys()].sort((a, b) => a - b);

// The first frame in which two sets of rows differ, or null.
export function firstChange(a, b) {
  const [left, right] = [new Map(a.map((r) => [key(r), r])), new Map(b.map((r) => [key(r), r]))];
  const changed = [];
  for (const [name, row] of left) {
    if (!right.has(name) || !same(row.box, right.get(name).box)) changed.push(row.frame);
  }
  for (const [name, row] of right) if (!left.has(name)) changed.push(row.frame);
  return changed.length ? changed.reduce((x, y) => Math.min(x, y)) : null;
}

// Hundredths of a pixel, corners in order.
export function tidy(box) {
  const [x1, y1, x2, y2] = box.map((value) => Math.round(value * 100) / 100);
  return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
}
