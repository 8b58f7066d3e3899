// Colours after Okabe and Ito (2008), told apart by colour-blind people too; labels and shapes say
// the same. Black is left out: it cannot be seen on a dark picture.
const COLOURS = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"];

export function colourOf(id) {
  return COLOURS[(((id - 1) % COLOURS.length) + COLOURS.length) % COLOURS.length];
}

// Black or white, whichever is easier to read on a colour.
export function inkOn(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#000" : "#fff";
}
