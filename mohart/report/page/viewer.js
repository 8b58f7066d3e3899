// The frame with its boxes, and what moves through the frames.
class Viewer {
  constructor(section, data, pictures) {
    this.data = data;
    this.film = pictures.film;
    this.frames = Object.keys(this.film).map(Number).sort((a, b) => a - b);
    this.find = (selector) => section.querySelector(selector);
    this.stage = this.find(".stage");
    this.image = this.find(".stage img");
    this.overlay = this.find(".stage svg");
    this.heard = [];
    this.frame = -1;
    this.timer = null;
    this.bind();
    new ResizeObserver(() => this.paint()).observe(this.stage);
  }

  bind() {
    const step = (by) => () => this.go(this.frame + by);
    this.find(".back").onclick = step(-1);
    this.find(".on").onclick = step(1);
    this.find(".seek").oninput = (event) => this.go(Number(event.target.value) - 1);
    this.find(".at").onchange = (event) => this.go(Number(event.target.value) - 1);
    this.find(".paths").onchange = () => this.paint();
    this.find(".play").onclick = () => (this.timer ? this.stop() : this.play());
    const truth = this.find(".with-truth");
    if (truth) truth.onchange = () => this.paint();
    this.stage.onkeydown = (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -25, PageDown: 25 }[event.key];
      if (by) this.go(this.frame + by);
      else if (event.key === " ") this.find(".play").click();
      else return;
      event.preventDefault();
    };
  }

  play() {
    if (this.frame >= this.data.length - 1) this.go(0);
    const every = this.frames.length > 1 ? this.frames[1] - this.frames[0] : 1;
    this.timer = setInterval(() => {
      if (this.frame >= this.data.length - 1) this.stop();
      else this.go(Math.min(this.frame + every, this.data.length - 1));
    }, clamp((1000 * every) / this.data.rate, 40, 1000));
    this.showPlaying(true);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.showPlaying(false);
  }

  showPlaying(on) {
    const button = this.find(".play");
    button.textContent = on ? "Pause" : "Play";
    button.setAttribute("aria-pressed", String(on));
  }

  /** Tell a function of every frame that is gone to. */
  hear(listener) {
    this.heard.push(listener);
  }

  go(wanted) {
    let frame = clamp(Math.round(wanted) || 0, 0, this.data.length - 1);
    if (this.data.thin) frame = this.nearest(frame);
    if (frame === this.frame) return;
    this.frame = frame;
    this.find(".seek").value = this.find(".at").value = frame + 1;
    this.paint();
    for (const listener of this.heard) listener(frame);
  }

  /** The frame with a picture that is nearest. */
  nearest(frame) {
    let best = this.frames.length ? this.frames[0] : frame;
    for (const known of this.frames) if (Math.abs(known - frame) < Math.abs(best - frame)) best = known;
    return best;
  }

  paint() {
    if (this.frame < 0) return;
    const { data, frame } = this;
    if (this.frames.length) {
      const shown = this.nearest(frame);
      if (this.image.dataset.frame !== String(shown)) {
        this.image.src = this.film[shown];
        this.image.dataset.frame = shown;
      }
      const text = shown === frame ? "" : `boxes of frame ${frame + 1} on the picture of frame ${shown + 1}`;
      this.find(".picture").textContent = text;
    }
    const unit = data.width / Math.max(this.stage.clientWidth, 1); // video pixels per CSS pixel
    const parts = [];
    const labels = [];
    this.paths(parts, unit);
    const truth = this.find(".with-truth");
    if (truth && truth.checked) for (const one of data.truth) this.truth(parts, one, unit);
    for (const track of data.ids) this.box(parts, labels, track, unit);
    this.overlay.replaceChildren(...parts, ...labels);
    this.list();
  }

  paths(parts, unit) {
    const how = this.find(".paths").value;
    if (how === "0") return;
    const [low, high] = how === "all" ? [0, Infinity] : [this.frame - Number(how), this.frame];
    for (const track of this.data.ids) {
      if (how !== "all" && !stateAt(track, this.frame)) continue;
      for (const [first, values] of track.path) {
        const points = [];
        for (let n = 0; n < values.length / 4; n += 1) {
          if (first + n < low || first + n > high) continue;
          const [x1, , x2, y2] = values.slice(4 * n, 4 * n + 4);
          points.push(`${(x1 + x2) / 2},${y2}`);
        }
        if (points.length < 2) continue;
        const attr = { points: points.join(" "), fill: "none", "stroke-linejoin": "round" };
        const pattern = track.dash.split(" ").map((x) => x * unit).join(" ");
        parts.push(draw("polyline", { ...attr, stroke: "#000", "stroke-opacity": 0.55, "stroke-width": 4 * unit }));
        parts.push(draw("polyline", { ...attr, stroke: track.colour, "stroke-width": 2.2 * unit, "stroke-dasharray": track.dash ? pattern : "none" }));
      }
    }
  }

  truth(parts, one, unit) {
    const box = boxAt(one, this.frame);
    if (!box) return;
    const [x1, y1, x2, y2] = box;
    const attr = { x: x1, y: y1, width: Math.max(x2 - x1, 0), height: Math.max(y2 - y1, 0), fill: "none" };
    parts.push(draw("rect", { ...attr, stroke: "#000", "stroke-width": 2.4 * unit, "stroke-opacity": 0.6 }));
    parts.push(draw("rect", { ...attr, stroke: "#fff", "stroke-width": 1.4 * unit, "stroke-dasharray": `${2 * unit} ${3 * unit}` }));
  }

  box(parts, labels, track, unit) {
    const box = boxAt(track, this.frame);
    if (!box) return;
    const state = stateAt(track, this.frame);
    const [x1, y1, x2, y2] = box;
    const attr = { x: x1, y: y1, width: Math.max(x2 - x1, 0), height: Math.max(y2 - y1, 0), fill: "none" };
    const pattern = { predicted: `${7 * unit} ${4 * unit}`, lost: `${2 * unit} ${6 * unit}` }[state] || "none";
    const thick = (state === "lost" ? 1.4 : 2.4) * unit;
    if (state !== "lost") parts.push(draw("rect", { ...attr, stroke: "#000", "stroke-opacity": 0.6, "stroke-width": thick + 1.6 * unit }));
    parts.push(draw("rect", { ...attr, stroke: track.colour, "stroke-width": thick, "stroke-dasharray": pattern }));
    if (state === "lost") return;
    const size = 11 * unit;
    const wide = (track.label.length * 0.62 + 0.6) * size;
    const left = clamp(x1, 0, this.data.width - wide);
    const top = clamp(y1 - 1.25 * size, 0, this.data.height - 1.25 * size);
    labels.push(draw("rect", { x: left, y: top, width: wide, height: 1.25 * size, fill: track.colour, rx: 2 * unit }));
    labels.push(draw("text", { x: left + wide / 2, y: top + 0.98 * size, "font-size": size, "text-anchor": "middle", fill: track.ink }, track.label));
  }

  list() {
    const rows = [];
    for (const track of this.data.ids) {
      const state = stateAt(track, this.frame);
      if (!state) continue;
      const sure = confidenceAt(track, this.frame);
      const told = track.name ? `${track.name}, ${state}` : state;
      rows.push(make("li", {}, chip(track), make("span", { textContent: told }), make("span", {
        className: "small", textContent: sure === null ? "" : `${sure} %`, title: "confidence",
      })));
    }
    if (!rows.length) rows.push(make("li", { className: "small", textContent: "nobody" }));
    this.find(".present").replaceChildren(...rows);
  }
}
