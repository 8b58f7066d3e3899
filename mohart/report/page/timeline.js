// A lane per identity, charts and errors over time, one axis for all.
class Timeline {
  constructor(section, data, viewer) {
    this.data = data;
    this.viewer = viewer;
    this.box = section.querySelector(".timeline");
    this.lanes = section.querySelector(".lanes");
    this.cursor = make("div", { className: "cursor", attr: { "aria-hidden": "true" } });
    this.build();
    this.zoom(section.querySelector(".zoom"));
    viewer.hear((frame) => this.show(frame));
    new ResizeObserver(() => this.show(viewer.frame)).observe(this.lanes);
    this.drag();
  }

  build() {
    const { data } = this;
    this.lanes.append(this.axis(), this.counts());
    if (data.iou) this.lanes.append(this.overlap());
    for (const kind of data.kinds) this.lanes.append(this.errors(kind));
    for (const track of data.ids) this.lanes.append(this.lane(track));
    this.lanes.append(this.cursor);
  }

  place(frame) {
    return `${(100 * frame) / this.data.length}%`;
  }

  row(className, name, ...parts) {
    const run = make("div", { className: "run" }, ...parts);
    return make("div", { className: `lane ${className}` }, make("div", { className: "name" }, ...name), run);
  }

  axis() {
    const ticks = [];
    const rough = this.data.length / 8;
    const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
    const step = [1, 2, 5, 10].map((x) => x * power).find((x) => x >= rough) || 1;
    ticks.push(make("span", { className: "tick", textContent: "1", style: { left: "2px" } }));
    for (let frame = step; frame < this.data.length * 0.985; frame += step) {
      if (frame > 1) ticks.push(make("span", { className: "tick", textContent: frame, style: { left: this.place(frame - 0.5) } }));
    }
    return this.row("axis", ["frame"], ...ticks);
  }

  /** One chart: lines are [values, class]; values run over the frames, null is a gap. */
  chart(name, top, lines, label) {
    const { length } = this.data;
    const svg = draw("svg", { viewBox: `0 0 ${length} 100`, preserveAspectRatio: "none", role: "img", "aria-label": label });
    for (const [values, className] of lines) {
      let path = "";
      let drawing = false;
      values.forEach((value, frame) => {
        if (value === null) {
          drawing = false;
          return;
        }
        const y = (100 - (100 * value) / top).toFixed(2);
        path += drawing ? `V${y}H${frame + 1}` : `M${frame} ${y}H${frame + 1}`;
        drawing = true;
      });
      svg.append(draw("path", { d: path, class: className }));
    }
    return this.row("chart", name, svg);
  }

  counts() {
    const { ids, truth, length } = this.data;
    const count = (tracks, states) => {
      const change = new Array(length + 1).fill(0);
      for (const track of tracks) {
        for (const [state, first, last] of track.runs) {
          if (states && !states.includes(state)) continue;
          change[first] += 1;
          change[Math.min(last + 1, length)] -= 1;
        }
      }
      let sum = 0;
      return change.slice(0, length).map((by) => (sum += by));
    };
    const seen = count(ids, ["active", "predicted", "tracked"]);
    const lines = [[seen, "first"]];
    if (truth.length) lines.unshift([count(truth), "second"]);
    const top = Math.max(1, ...lines.map(([values]) => values.reduce((a, b) => Math.max(a, b), 0)));
    const told = truth.length ? "line: result, dashed: truth" : "";
    const name = [make("b", { textContent: "objects" }), make("span", { className: "small", textContent: `0 to ${top}` })];
    const row = this.chart(name, top, lines, `Number of objects over time, at most ${top}. ${told}`);
    row.title = told;
    return row;
  }

  overlap() {
    const name = [make("b", { textContent: "IoU" }), make("span", { className: "small", textContent: "0.5 to 1" })];
    const values = this.data.iou.map((value) => (value === null ? null : clamp((value - 0.5) * 2, 0, 1)));
    return this.chart(name, 1, [[values, "first"]], "Mean IoU of matched boxes over time, from 0.5 to 1");
  }

  errors(kind) {
    const marks = this.data.errors
      .filter((row) => row.kind === kind.kind)
      .map((row) => this.span(row.kind, row.first, row.last, ""));
    const sign = make("span", { className: `sign ${kind.kind}`, textContent: kind.sign });
    return this.row("errorlane", [sign, make("span", { textContent: kind.brief })], ...marks);
  }

  span(className, first, last, colour) {
    const style = { left: this.place(first), width: this.place(last - first + 1) };
    if (colour) style["--c"] = colour;
    return make("span", { className: `span ${className}`, style });
  }

  lane(track) {
    const parts = track.runs.map(([state, first, last]) => this.span(state, first, last, track.colour));
    for (const row of this.data.errors) {
      if (row.kind === "false_positive" && row.result === track.id) {
        parts.push(make("span", { className: "under", style: { left: this.place(row.first), width: this.place(row.last - row.first + 1) } }));
      } else if (row.kind === "switch" && row.result === track.id) {
        parts.push(make("span", { className: "key", textContent: "\u21C4", style: { left: this.place(row.first + 0.5) } }));
      }
    }
    for (const [frame, end] of track.keys) {
      parts.push(make("span", { className: "key", textContent: end ? "\u25A0" : "\u25C6", style: { left: this.place(frame + 0.5) } }));
    }
    const name = [chip(track)];
    if (track.name) name.push(make("span", { className: "small", textContent: track.name }));
    const lane = this.row("identity", name, ...parts);
    const [first, last] = [track.runs[0][1], track.runs[track.runs.length - 1][2]];
    const said = track.runs.slice(0, 6).map(([state, a, b]) => `${state} ${a + 1} to ${b + 1}`).join(", ");
    const more = track.runs.length > 6 ? `, and ${track.runs.length - 6} more parts` : "";
    lane.title = `identity ${track.label}: ${said}${more}`;
    for (const [key, value] of Object.entries({
      tabindex: 0, role: "slider", "aria-label": `Identity ${track.label}, frames ${said}${more}`,
      "aria-valuemin": 1, "aria-valuemax": this.data.length, "aria-valuenow": first + 1,
    })) lane.setAttribute(key, value);
    lane.onkeydown = (event) => {
      const now = this.viewer.frame;
      const to = {
        ArrowLeft: now - 1, ArrowRight: now + 1, PageUp: now - 25, PageDown: now + 25, Home: first, End: last, Enter: first,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.viewer.go(to);
    };
    lane.onfocus = () => this.choose(lane);
    lane.dataset.id = track.id;
    return lane;
  }

  choose(lane) {
    for (const other of this.lanes.querySelectorAll(".chosen")) other.classList.remove("chosen");
    lane.classList.add("chosen");
    lane.setAttribute("aria-valuenow", this.viewer.frame + 1);
  }

  /** Where the lane's time begins and how wide it is, in pixels of the lanes. */
  extent() {
    const run = this.lanes.querySelector(".run");
    return [run.offsetLeft, run.clientWidth];
  }

  show(frame) {
    const [left, width] = this.extent();
    const x = left + (width * (frame + 0.5)) / this.data.length;
    this.cursor.style.transform = `translateX(${x}px)`;
    const chosen = this.lanes.querySelector(".chosen");
    if (chosen) {
      const track = this.data.ids.find((one) => String(one.id) === chosen.dataset.id);
      chosen.setAttribute("aria-valuenow", frame + 1);
      chosen.setAttribute("aria-valuetext", `frame ${frame + 1}, ${stateAt(track, frame) || "not there"}`);
    }
    const seen = this.box.clientWidth - left;
    const at = x - left - this.box.scrollLeft;
    if (at < 0 || at > seen) this.box.scrollLeft = x - left - seen / 2;
  }

  drag() {
    const go = (event) => {
      const run = this.lanes.querySelector(".run").getBoundingClientRect();
      this.viewer.go(((event.clientX - run.left) / run.width) * this.data.length - 0.5);
    };
    let held = false;
    this.lanes.onpointerdown = (event) => {
      if (event.button || event.pointerType === "touch" || !event.target.closest(".run")) return;
      held = true;
      go(event);
    };
    this.lanes.onclick = (event) => event.target.closest(".run") && go(event);
    this.lanes.onpointermove = (event) => held && go(event);
    window.addEventListener("pointerup", () => (held = false));
  }

  zoom(group) {
    let factor = 1;
    const set = (value) => {
      factor = clamp(value, 1, 64);
      this.lanes.style.setProperty("--zoom", factor);
      group.querySelector("output").textContent = `${factor}\u00D7`;
      const [left] = this.extent();
      this.box.scrollLeft = 0;
      this.show(this.viewer.frame);
      return left;
    };
    group.querySelector(".in").onclick = () => set(factor * 2);
    group.querySelector(".out").onclick = () => set(factor / 2);
  }
}
