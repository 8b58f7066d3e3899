// Chosen moments: where the network looked, what it saw there, and who listened to whom.
class Moments {
  constructor(section, data, pictures, viewer) {
    const place = section.querySelector(".moments");
    if (!place) return;
    this.data = data;
    this.pictures = pictures.moments;
    place.append(...data.moments.map((moment, n) => this.show(moment, n, section.dataset.sequence)));
  }

  track(id) {
    return this.data.ids.find((one) => one.id === id) || { label: id < 0 ? "?" : String(id), colour: "#8a949e", ink: "#111111", dash: "" };
  }

  show(moment, number, sequence) {
    const link = make("a", { href: `#s=${sequence}&frame=${moment.frame + 1}`, textContent: `Frame ${moment.frame + 1}` });
    const head = make("h3", {}, link, `: ${moment.why}`);
    const stage = this.stage(moment, number);
    const left = make("div", {}, stage, this.looks(moment, number));
    const right = make("div", {});
    const arrows = { list: [] };
    const weights = moment.attention || moment.influence;
    if (weights && moment.objects.length > 1) {
      arrows.list = this.arrows(stage.querySelector("svg"), moment, weights);
      right.append(this.matrix(moment, weights, arrows.list));
    } else if (weights) {
      right.append(make("p", { className: "small", textContent: "One object alone: there is nobody to listen to." }));
    } else {
      right.append(make("p", { className: "small", textContent: "This network has no relations between objects." }));
    }
    return make("article", { className: "moment" }, head, left, right);
  }

  stage(moment, number) {
    const { width, height } = this.data;
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    const unit = width / 560;
    const labels = [];
    for (const one of moment.objects) {
      const track = this.track(one.id);
      const [x1, y1, x2, y2] = one.box;
      svg.append(draw("rect", { x: x1, y: y1, width: Math.max(x2 - x1, 0), height: Math.max(y2 - y1, 0), fill: "none", stroke: track.colour, "stroke-width": 2 * unit, "stroke-dasharray": one.sure >= 50 ? "none" : `${6 * unit} ${4 * unit}` }));
      const [a, b, c, d] = one.window;
      svg.append(draw("rect", { x: a, y: b, width: c - a, height: d - b, fill: "none", stroke: track.colour, "stroke-width": unit, "stroke-opacity": 0.8, "stroke-dasharray": `${unit} ${3 * unit}` }));
      const size = 13 * unit;
      const wide = (track.label.length * 0.62 + 0.6) * size;
      const [left, top] = [clamp(x1, 0, width - wide), clamp(y1 - 1.25 * size, 0, height)];
      labels.push(draw("rect", { x: left, y: top, width: wide, height: 1.25 * size, fill: track.colour }));
      labels.push(draw("text", { x: left + wide / 2, y: top + size, "font-size": size, "text-anchor": "middle", fill: track.ink }, track.label));
    }
    svg.append(...labels);
    const told = `Frame ${moment.frame + 1} with boxes, windows and arrows from each object to those it listens to`;
    const image = make("img", { alt: told, src: this.pictures[number].frame, width, height });
    return make("div", { className: "stage", style: { "--ratio": `${width} / ${height}` } }, image, svg);
  }

  arrows(svg, moment, weights) {
    const unit = this.data.width / 560;
    const middle = ({ box: [x1, y1, x2, y2] }) => [(x1 + x2) / 2, (y1 + y2) / 2];
    const strongest = Math.max(...weights.flatMap((row, i) => row.filter((_, j) => i !== j)), 1e-9);
    const found = [];
    moment.objects.forEach((from, i) => moment.objects.forEach((to, j) => {
      const share = weights[i][j] / strongest;
      if (i === j || share < 0.12) return;
      const [[ax, ay], [bx, by]] = [middle(from), middle(to)];
      const length = Math.hypot(bx - ax, by - ay);
      if (length < 1) return;
      const [ux, uy] = [(bx - ax) / length, (by - ay) / length];
      const side = 3 * unit; // a little to the right, so that both ways can be seen
      const [sx, sy] = [ax - uy * side, ay + ux * side];
      const [tx, ty] = [ax + ux * length * 0.86 - uy * side, ay + uy * length * 0.86 + ux * side];
      const tip = (4 + 5 * share) * unit;
      const head = `M${tx + ux * tip} ${ty + uy * tip}L${tx - uy * tip * 0.6} ${ty + ux * tip * 0.6}L${tx + uy * tip * 0.6} ${ty - ux * tip * 0.6}Z`;
      const { colour } = this.track(from.id);
      const group = draw("g", { opacity: 0.35 + 0.65 * share },
        draw("line", { x1: sx, y1: sy, x2: tx, y2: ty, stroke: "#000", "stroke-width": (1.6 + 4.4 * share) * unit }),
        draw("line", { x1: sx, y1: sy, x2: tx, y2: ty, stroke: colour, "stroke-width": (0.8 + 3.2 * share) * unit }),
        draw("path", { d: head, fill: colour, stroke: "#000", "stroke-width": 0.6 * unit }));
      svg.prepend(group);
      found.push([i, j, group]);
    }));
    return found;
  }

  matrix(moment, weights, arrows) {
    const what = moment.attention ? "attention in percent: the row's object listens to the column's" : "influence: how far the row's box moves, in percent of its size, without the column's object";
    const top = Math.max(...weights.flat(), 1e-9);
    const heads = moment.objects.map((one) => make("th", { attr: { scope: "col" } }, chip(this.track(one.id))));
    const rows = moment.objects.map((one, i) => make("tr", {}, make("th", { attr: { scope: "row" } }, chip(this.track(one.id))),
      ...weights[i].map((weight, j) => {
        const cell = make("td", { textContent: (100 * weight).toFixed(weight < 0.0995 ? 1 : 0), style: { background: `color-mix(in srgb, var(--accent) ${Math.round((70 * weight) / top)}%, transparent)` } });
        const arrow = arrows.find(([a, b]) => a === i && b === j);
        if (arrow) {
          const usual = arrow[2].getAttribute("opacity");
          cell.onpointerenter = () => arrows.forEach(([, , group]) => (group.style.opacity = group === arrow[2] ? 1 : 0.08));
          cell.onpointerleave = () => arrows.forEach(([, , group]) => (group.style.opacity = ""));
          cell.title = `arrow drawn with strength ${Number(usual).toFixed(2)}`;
        }
        return cell;
      })));
    const table = make("table", { className: "matrix" }, make("caption", { textContent: what }),
      make("thead", {}, make("tr", {}, make("td", {}), ...heads)), make("tbody", {}, ...rows));
    return make("div", { className: "scroll", tabIndex: 0, attr: { role: "region", "aria-label": what } }, table);
  }

  looks(moment, number) {
    return make("div", { className: "looks" }, ...moment.objects.map((one, n) => {
      const track = this.track(one.id);
      const { glimpse, scores } = this.pictures[number].looks[n];
      const pair = make("div", { className: "pair" }, make("img", { src: glimpse, alt: `What the network saw of ${track.label}`, width: 68, height: 68 }));
      if (scores) pair.append(make("img", { src: scores, alt: `Where in it ${track.label} may be: brighter is likelier`, width: 68, height: 68 }));
      return make("figure", { className: "look" }, pair, make("figcaption", {}, chip(track), ` seen: ${one.sure} %`));
    }));
  }
}
