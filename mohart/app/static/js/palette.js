// The colours of mohart/palette.py, after Okabe and Ito (2008): told apart by colour-blind people,
// too. Labels and shapes say the same.
const COLOURS = ["#e69f00", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#56b4e9", "#0072b2"];
const [DARK_INK, LIGHT_INK] = ["#111111", "#ffffff"];

export const colourOf = (id) => COLOURS[Math.abs(id) % COLOURS.length];

// What is easy to read on a colour.
export const inkOn = (colour) => (colour === "#0072b2" ? LIGHT_INK : DARK_INK);
