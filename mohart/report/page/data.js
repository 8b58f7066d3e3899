// What the page is about, and small helpers. Texts from files only ever become text nodes.
const SVG = "http://www.w3.org/2000/svg";
const read = (id) => JSON.parse(document.getElementById(id).textContent);

/** A new element with properties, attributes (in `attr`) and children. */
function make(tag, { attr = {}, style = {}, ...props } = {}, ...children) {
  const node = document.createElement(tag);
  Object.assign(node, props);
  for (const [name, value] of Object.entries(attr)) node.setAttribute(name, value);
  for (const [name, value] of Object.entries(style)) node.style.setProperty(name, value);
  node.append(...children);
  return node;
}

function draw(tag, attr, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attr)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** The box [x1, y1, x2, y2] of an identity in a frame, or null; `path` has runs of frames. */
function boxAt(track, frame) {
  let low = 0;
  let high = track.path.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, values] = track.path[middle];
    const place = frame - first;
    if (place < 0) high = middle - 1;
    else if (place >= values.length / 4) low = middle + 1;
    else return values.slice(4 * place, 4 * place + 4);
  }
  return null;
}

/** The state in a frame, or null where the identity is not there. */
function stateAt(track, frame) {
  const run = track.runs.find(([, first, last]) => first <= frame && frame <= last);
  return run ? run[0] : null;
}

/** Confidence in percent in a frame, or null; it lies beside the boxes. */
function confidenceAt(track, frame) {
  for (const [first, values, sure] of track.path) {
    if (sure && frame >= first && frame < first + values.length / 4) return sure[frame - first];
  }
  return null;
}

function chip(track) {
  return make("span", {
    className: "chip",
    textContent: track.label,
    style: { background: track.colour, color: track.ink },
  });
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
