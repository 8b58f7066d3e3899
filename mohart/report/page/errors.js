// The list of errors: sorted by its headers, filtered by kind, with thumbnails that come late.
class ErrorList {
  constructor(section, data, pictures, viewer) {
    this.body = section.querySelector(".errors tbody");
    if (!this.body) return;
    this.rows = [...this.body.rows];
    this.lazy(pictures.strips);
    for (const button of section.querySelectorAll(".errors thead button")) {
      button.onclick = () => this.sort(button.dataset.key, button.closest("th"));
    }
    for (const box of section.querySelectorAll(".filter input")) {
      box.onchange = () => {
        for (const row of this.rows) if (row.dataset.kind === box.value) row.hidden = !box.checked;
      };
    }
    this.current = [];
    viewer.hear((frame) => this.mark(frame, data.errors));
  }

  /** The rows of a frame stand out. */
  mark(frame, errors) {
    for (const row of this.current) row.classList.remove("current");
    this.current = this.rows.filter((row, n) => errors[n].first <= frame && frame <= errors[n].last);
    for (const row of this.current) row.classList.add("current");
  }

  lazy(strips) {
    const watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        entry.target.src = strips[entry.target.dataset.strip];
        watcher.unobserve(entry.target);
      }
    }, { rootMargin: "600px" });
    for (const image of this.body.querySelectorAll("img[data-strip]")) watcher.observe(image);
  }

  sort(key, header) {
    const down = header.getAttribute("aria-sort") === "ascending";
    for (const other of header.parentNode.children) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (row) => {
      const text = row.dataset[key];
      return text === "" || Number.isNaN(Number(text)) ? text : Number(text);
    };
    const order = (a, b) => {
      const [x, y] = [value(a), value(b)];
      const by = x < y ? -1 : x > y ? 1 : 0;
      return (down ? -by : by) || Number(a.dataset.order) - Number(b.dataset.order);
    };
    this.body.append(...[...this.rows].sort(order));
  }
}
