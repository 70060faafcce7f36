'use strict';
// What a report page does: charts, pictures, and the way from one to the other.

const all = (what, within = document) => [...within.querySelectorAll(what)];
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// --- From a value to its frame -------------------------------------------------------------

function go(moment) {
  all('.moment.found').forEach(one => one.classList.remove('found'));
  moment.classList.add('found');
  moment.scrollIntoView({block: 'center'});
}

function momentsOf(drive, camera) {
  return all('.moment').filter(
    one => one.dataset.drive === drive && one.dataset.camera === camera);
}

function jump(drive, camera, frame, place) {
  const near = momentsOf(drive, camera);
  const found = near.find(one => +one.dataset.frame === frame);
  if (found) { go(found); return; }
  const told = all('.told').find(one => one.dataset.drive === drive);
  if (!told) return;
  told.textContent = `${camera}, frame ${frame}, ${place}: no picture of it on this page. `;
  const by = one => Math.abs(one.dataset.frame - frame);
  const next = near.sort((a, b) => by(a) - by(b))[0];
  if (!next) return;
  const link = document.createElement('button');
  link.textContent = `Nearest with a picture: frame ${next.dataset.frame}`;
  link.onclick = () => go(next);
  told.append(link);
}

// --- Charts --------------------------------------------------------------------------------

const plots = [];

// Browsers do not play every codec: the video says how to have one that they do.
for (const video of all('video')) {
  video.addEventListener('error', () => {
    const told = document.createElement('p');
    told.className = 'soft';
    told.textContent = `This browser cannot play ${video.getAttribute('src')}: where the package av `
      + 'is installed, an evaluation writes a video that it can.';
    video.replaceWith(told);
  });
}

// A video has the drive's frames one after the other, also where the drive has pauses.
function follow(drive, line, x) {
  const video = all('video').find(
    one => one.dataset.drive === drive && one.dataset.camera === line.camera);
  if (!video || !video.paused || video.seeking || !line.frames) return;
  const frames = line.frames.filter(frame => frame >= 0);
  const place = frames.indexOf(line.frames[line.x.indexOf(x)]);
  if (place >= 0 && video.duration)
    video.currentTime = (place + 0.5) / frames.length * video.duration;
}

// The filmstrip shows what is under the pointer, on the curves and on itself.
function expose(drive, camera, x) {
  const strip = all('.film img').filter(
    one => one.dataset.drive === drive && one.dataset.camera === camera);
  const now = strip.findLast(one => +one.dataset.seconds <= x + 1e-3) ?? strip[0];
  strip.forEach(one => one.classList.toggle('now', one === now));
}

function draw(element) {
  const told = JSON.parse(element.dataset.chart);
  const lines = told.lines.filter(line => line.y.some(value => value !== null));
  const data = lines.length > 1
    ? uPlot.join(lines.map(line => [line.x, line.y])) : [lines[0].x, lines[0].y];
  const axis = {
    stroke: () => css('--soft'), font: '12px system-ui, sans-serif',
    grid: {stroke: () => css('--line'), width: 1}, ticks: {show: false},
  };
  const withPicture = new Set();
  lines.forEach((line, number) => momentsOf(told.drive, line.camera).forEach(moment => {
    const at = (line.frames || []).indexOf(+moment.dataset.frame);
    if (at >= 0) withPicture.add(`${number + 1} ${data[0].indexOf(line.x[at])}`);
  }));
  // The nearest value of each line: cameras are not triggered at the same instant.
  const nearest = (plot, number, index) => {
    const values = plot.data[number];
    for (let away = 0; away < 12; away++)
      for (const at of [index - away, index + away])
        if (values[at] !== undefined && values[at] !== null) return at;
    return index;
  };
  const plot = new uPlot({
    width: Math.max(200, element.clientWidth), height: 210,
    scales: {
      x: {time: false},
      y: {range: (u, low, high) => {
        const ends = [low, high, ...Object.values(told.limits)].filter(value => value != null);
        const [least, most] = [Math.min(...ends), Math.max(...ends)];
        const spare = (most - least || Math.abs(most) || 1) * 0.06;
        const floor = least >= 0 ? Math.max(0, least - spare) : least - spare;
        return [floor, most + spare];
      }},
    },
    axes: [{...axis, label: told.x, labelSize: 18, labelFont: axis.font, size: 30},
           {...axis, size: 58}],
    cursor: {
      sync: told.drive ? {key: told.drive, setSeries: true} : undefined,
      focus: {prox: 24}, dataIdx: nearest,
    },
    focus: {alpha: 0.35},
    series: [
      {label: told.x.split(',')[0], value: (u, value) => value == null ? '–' : `${+value.toFixed(3)}`},
      ...lines.map(line => ({
        label: line.label || 'value', stroke: line.colour || (() => css('--soft')), width: 1.6,
        ...(line.colour ? {} : {dash: [5, 4], points: {show: false}}),
        value: (u, value) => value == null ? '–' : `${+value.toPrecision(4)}`,
        ...(told.dots ? {paths: () => null, points: {show: true, size: 4, fill: line.colour}} : {}),
      })),
    ],
    hooks: {
      setCursor: [u => lines.forEach((line, number) => {
        const at = u.cursor.idxs[number + 1];
        if (at == null) return;
        follow(told.drive, line, u.data[0][at]);
        expose(told.drive, line.camera, u.data[0][at]);
      })],
      draw: [u => {
        const pen = u.ctx, box = u.bbox, ratio = devicePixelRatio;
        pen.save();
        pen.font = `${12 * ratio}px system-ui, sans-serif`;
        pen.textAlign = 'right';
        for (const key of withPicture) {
          const [number, index] = key.split(' ').map(Number);
          const value = u.data[number][index];
          if (value == null) continue;
          pen.beginPath();
          pen.arc(u.valToPos(u.data[0][index], 'x', true), u.valToPos(value, 'y', true),
                  4 * ratio, 0, 7);
          pen.fillStyle = css('--mark');
          pen.fill();
        }
        for (const [text, value] of Object.entries(told.limits)) {
          const y = u.valToPos(value, 'y', true);
          pen.strokeStyle = pen.fillStyle = css('--soft');
          pen.setLineDash([5 * ratio, 4 * ratio]);
          pen.beginPath();
          pen.moveTo(box.left, y);
          pen.lineTo(box.left + box.width, y);
          pen.stroke();
          // Readable over curves, too.
          pen.setLineDash([]);
          pen.strokeStyle = css('--card');
          pen.lineWidth = 4 * ratio;
          const place = [text, box.left + box.width - 4, y + (y < box.top + 20 * ratio ? 14 : -5) * ratio];
          pen.strokeText(...place);
          pen.lineWidth = ratio;
          pen.fillText(...place);
        }
        pen.restore();
      }],
    },
  }, data, element);
  plot.over.addEventListener('click', () => {
    const {top, idxs} = plot.cursor;
    let best = null;
    lines.forEach((line, index) => {
      const at = idxs[index + 1], value = at == null ? null : plot.data[index + 1][at];
      if (value == null || !line.frames) return;
      const away = Math.abs(plot.valToPos(value, 'y') - top);
      if (!best || away < best.away) best = {away, line, x: plot.data[0][at]};
    });
    if (best) {
      const frame = best.line.frames[best.line.x.indexOf(best.x)];
      jump(told.drive, best.line.camera, frame, `${best.x.toFixed(2)} s`);
    }
  });
  plots.push([element, plot, told.drive]);
  element.plot = plot;
}

all('.chart').forEach(draw);
const fit = new ResizeObserver(() => plots.forEach(([element, plot]) => {
  if (plot.width !== element.clientWidth)
    plot.setSize({width: Math.max(200, element.clientWidth), height: 210});
}));
fit.observe(document.querySelector('main'));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
  plots.forEach(([, plot]) => plot.redraw(false)));
all('[data-go]').forEach(mark => {
  mark.onclick = () => jump(mark.dataset.drive, mark.dataset.camera, +mark.dataset.go, '');
});

all('.film img').forEach(one => {
  one.onmouseenter = () => plots.filter(plot => plot[2] === one.dataset.drive).forEach(([, plot]) =>
    plot.setCursor({left: plot.valToPos(+one.dataset.seconds, 'x'), top: 20}, true, false));
});

// --- Pictures ------------------------------------------------------------------------------

const root = document.documentElement.style;
const tools = document.querySelector('.tools');
const hidden = new Set();
let look = 'calm';

const numbers = swatch => swatch.dataset.colour.match(/\d+/g).map(Number);

// A class colour as it is shown: the given one, or, calm, mixed with grey.
const shown = colour => look === 'plain' ? colour
  : colour.map(value => Math.round(0.5 * value + 0.5 * 150));

function paint(image) {
  if (!image.complete || !image.naturalWidth) { image.onload = () => paint(image); return; }
  image.onload = null;
  image.original ||= image.cloneNode();
  const {naturalWidth: wide, naturalHeight: high} = image.original;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [wide, high];
  const pen = canvas.getContext('2d');
  pen.drawImage(image.original, 0, 0);
  const pixels = pen.getImageData(0, 0, wide, high);
  const to = new Uint32Array(pixels.data.buffer), from = to.slice();
  const edge = i => [1, -1, 2, -2, wide, -wide, 2 * wide, -2 * wide].some(
    step => from[i + step] !== undefined && from[i + step] !== from[i]);
  const colours = new Map();
  for (let i = 0; i < from.length; i++) {
    let colour = colours.get(from[i]);
    if (colour === undefined) {
      const own = [...pixels.data.subarray(4 * i, 4 * i + 3)];
      const empty = hidden.has(own.join()) || own.every(value => value === 0);
      colour = empty ? 0 : new Uint32Array(new Uint8Array([...shown(own), 255]).buffer)[0];
      colours.set(from[i], colour);
    }
    to[i] = look === 'contours' && !edge(i) ? 0 : colour;
  }
  pen.putImageData(pixels, 0, 0);
  image.src = canvas.toDataURL();
}

function repaint() {
  all('img.paint').forEach(paint);
  all('[data-colour]').forEach(swatch => {
    swatch.style.background = `rgb(${shown(numbers(swatch))})`;
    const off = hidden.has(numbers(swatch).join());
    if (swatch.parentElement.tagName === 'BUTTON') {
      swatch.parentElement.classList.toggle('off', off);
      swatch.parentElement.setAttribute('aria-pressed', !off);
    }
  });
}

// A frame lies under its paint, the row's first unless it has its own, and both paints of a comparison in one; each is in the file once.
all('figure.over').forEach(figure => {
  const under = figure.querySelector('img.under');
  if (!under.getAttribute('src')) under.src = figure.parentElement.querySelector('img').src;
});
all('figure.wipe').forEach(figure => {
  const paints = all('.paint', figure.parentElement);
  all('.paint', figure).forEach((image, number) => { image.src = paints[number].src; });
});
addEventListener('pointermove', event => {
  const box = event.target.closest?.('figure.wipe .under, figure.wipe .paint')?.getBoundingClientRect();
  if (box) root.setProperty('--wipe', `${100 * (event.clientX - box.left) / box.width}%`);
});
all('.legend button').forEach(button => {
  button.onclick = () => {
    const own = numbers(button.firstElementChild).join();
    if (!hidden.delete(own)) hidden.add(own);
    repaint();
  };
});

const dialog = document.createElement('dialog');
let at = 0;

function enlarge(number) {
  const figures = all('main figure');
  at = (number + figures.length) % figures.length;
  const figure = figures[at].cloneNode(true);
  const title = figures[at].closest('.moment')?.querySelector('h3')?.textContent ?? '';
  figure.querySelector('figcaption').prepend(title ? `${title}: ` : '');
  figure.removeAttribute('tabindex');
  const originals = all('.paint', figures[at]);
  all('.paint', figure).forEach((image, number) => { image.original = originals[number].original; });
  dialog.replaceChildren(figure);
  if (tools) dialog.append(tools);
  if (!dialog.open) dialog.showModal();
}

document.body.append(dialog);
const home = tools?.parentElement, before = tools?.nextSibling;
if (tools)
  new MutationObserver(() => dialog.open || home.insertBefore(tools, before))
    .observe(dialog, {attributeFilter: ['open']});
dialog.onclick = event => {
  if (event.target === dialog || event.target.tagName === 'IMG') dialog.close();
};
addEventListener('keydown', event => {
  const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
  if (!dialog.open || !step || event.target.tagName === 'INPUT') return;
  event.preventDefault();
  enlarge(at + step);
});
all('main figure').forEach((figure, number) => {
  figure.tabIndex = 0;
  figure.onclick = () => enlarge(number);
  figure.onkeydown = event => { if (event.key === 'Enter') enlarge(number); };
});
if (tools) {
  tools.oninput = event => {
    const {name, value} = event.target;
    if (name === 'look') { look = value; repaint(); }
    else root.setProperty(`--${name}`, name === 'split' ? `${value}%` : value / 100);
  };
}
repaint();
