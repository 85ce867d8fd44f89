/** A line of a chart: its name and its points. */
export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
}

const WIDTH = 420;
const HEIGHT = 300;
const LEFT = 56;
const RIGHT = 16;
const TOP = 48;
const BOTTOM = 78;
// Told apart without colours, too: by their marks.
const COLOURS = ['#0969da', '#bf3989', '#9a6700', '#1a7f37'];

/** Panels side by side, both axes in powers of two and ten, as one SVG that reads on light and dark pages. */
export function drawChart(panels: readonly Panel[]): string {
  const width = WIDTH * panels.length;
  const drawn = panels.map((panel, index) => drawPanel(panel, index * WIDTH));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="11" role="img">`,
    `<rect width="${width}" height="${HEIGHT}" fill="#fff"/>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel({ title, unit, lines }: Panel, offset: number): string {
  const points = lines.flatMap((line) => line.points);
  const xs = [...new Set(points.map(({ x }) => x))].toSorted((a, b) => a - b);
  const powers = powersOfTen(points.map(({ y }) => y));
  const low = Math.log10(powers[0] ?? 1);
  const high = Math.log10(powers.at(-1) ?? 10);
  const spanX = Math.log2(xs.at(-1) ?? 2) - Math.log2(xs[0] ?? 1) || 1;
  const placeX = (x: number) =>
    LEFT + ((Math.log2(x) - Math.log2(xs[0] ?? 1)) / spanX) * (WIDTH - LEFT - RIGHT);
  const placeY = (y: number) =>
    HEIGHT - BOTTOM - ((Math.log10(y) - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  const grid = powers.map((power) => {
    const y = placeY(power).toFixed(1);
    return `<path d="M${LEFT} ${y}H${WIDTH - RIGHT}" stroke="#d0d7de"/><text x="${LEFT - 6}" y="${y}" dy="4" text-anchor="end" fill="#57606a">${power.toLocaleString('en')}</text>`;
  });
  const labels = xs.map(
    (x) =>
      `<text x="${placeX(x).toFixed(1)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle" fill="#57606a">${x}</text>`,
  );
  const curves = lines.map(({ name, points: own }, index) => {
    const colour = COLOURS[index % COLOURS.length] ?? '#000';
    const places = own.map(({ x, y }) => [placeX(x).toFixed(1), placeY(y).toFixed(1)] as const);
    const marks = places.map(([x, y]) => mark({ x, y, index, colour }));
    const legendY = HEIGHT - BOTTOM + 34 + 14 * index;
    return [
      `<polyline points="${places.map((place) => place.join(',')).join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...marks,
      mark({ x: String(LEFT), y: String(legendY), index, colour }),
      `<text x="${LEFT + 10}" y="${legendY}" dy="4" fill="#24292f">${name}</text>`,
    ].join('');
  });
  return [
    `<g transform="translate(${offset} 0)">`,
    `<text x="${LEFT}" y="20" font-size="13" font-weight="600" fill="#24292f">${title}</text>`,
    `<text x="${LEFT}" y="36" fill="#57606a">${unit}</text>`,
    ...grid,
    ...labels,
    ...curves,
    '</g>',
  ].join('\n');
}

function mark(at: {
  readonly x: string;
  readonly y: string;
  readonly index: number;
  readonly colour: string;
}): string {
  const { x, y, index, colour } = at;
  const shapes = ['M-4-4h8v8h-8z', 'M0-5L5 4H-5z', 'M0-5L5 0L0 5L-5 0z', 'M-5-4H5L0 5z'];
  return `<path transform="translate(${x} ${y})" d="${shapes[index % shapes.length] ?? ''}" fill="${colour}"/>`;
}

function powersOfTen(values: readonly number[]): readonly number[] {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step));
}
