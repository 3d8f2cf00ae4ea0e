// A learned cheetah in the browser: its exported step, a policy, and a drawing of its limbs from the side.

const RUNTIME = { module: "./runtime/ort.wasm.bundle.min.mjs", binary: "runtime/ort-wasm-simd-threaded.wasm.gz" };
const VIEW = 3.6; // m, the width of the picture; a narrow one is as wide as the cheetah with room around it
const NARROW = 2.3; // m
const FLOOR = 0.16; // the height of the floor in the picture, as a share
const TILE = 0.5; // m
const SHOVE = 3; // m/s of the torso, by a button
const PULL = 6; // 1/s: a drag by so many metres pushes a limb by so many m/s
const STRONGEST = 6; // m/s
const LONGEST = 0.05; // s of one frame, at most: a slow machine shows slow motion

const place = document.getElementById("cheetah");
const canvas = place.querySelector("canvas");
const ink = canvas.getContext("2d");
const numbers = Object.fromEntries([...place.querySelectorAll("[data-number]")].map((e) => [e.dataset.number, e]));
const buttons = Object.fromEntries([...place.querySelectorAll("[data-do]")].map((e) => [e.dataset.do, e]));
const here = (path) => new URL(path, import.meta.url).href;

/** The bytes at `path`, decompressed unless the server or the browser did it. */
async function bytes(path) {
  const answer = await fetch(here(path));
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  const found = await answer.arrayBuffer();
  const [a, b] = new Uint8Array(found, 0, 2);
  if (a !== 0x1f || b !== 0x8b) return found;
  return new Response(new Blob([found]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

let ort; // onnxruntime, once it is loaded
const row = (values) => new ort.Tensor("float32", Float32Array.from(values), [1, values.length]);

/** The cheetah: its state, and what moves it. */
class Cheetah {
  static async load() {
    ort = await import(RUNTIME.module);
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmBinary = await bytes(RUNTIME.binary);
    const open = async (name) => ort.InferenceSession.create(new Uint8Array(await bytes(`model/${name}.onnx`)));
    const model = JSON.parse(new TextDecoder().decode(await bytes("model/model.json")));
    const cheetah = new Cheetah(model, await open("step"), await open("policy"), await open("body"));
    await cheetah.reset();
    return cheetah;
  }

  constructor(model, step, policy, body) {
    Object.assign(this, { model, sessions: { step, policy, body }, steps: 0, episodes: 0, acts: true, cost: NaN });
    this.shoves = new Float32Array(2 * model.bodies.length); // m/s, before the next step
    this.rest = Array(model.actuators).fill(0); // the controls without a policy
  }

  /** Begin an episode. */
  async reset() {
    const start = this.model.starts[this.episodes % this.model.starts.length];
    this.episodes += 1;
    Object.assign(this, { qpos: start.qpos, qvel: start.qvel, observation: start.observation, reward: 0, ended: false });
    this.shoves.fill(0);
    await this.look();
  }

  /** Push a body so that its centre of mass gets `velocity`, `[x, z]` in m/s, in addition. */
  shove(body, velocity) {
    const size = Math.hypot(...velocity);
    const scale = size > STRONGEST ? STRONGEST / size : 1;
    velocity.forEach((v, axis) => (this.shoves[2 * body + axis] += scale * v));
  }

  /** One control step. */
  async step() {
    const began = performance.now();
    if (this.shoves.some((v) => v !== 0)) {
      const { jump } = await this.bodyAt();
      this.shoves.fill(0);
      this.qvel = this.qvel.map((v, i) => v + jump.data[i]);
    }
    const { step, policy } = this.sessions;
    const asked = this.acts ? (await policy.run({ observation: row(this.observation) })).action : row(this.rest);
    const after = await step.run({ qpos: row(this.qpos), qvel: row(this.qvel), action: asked });
    const qpos = [...after.next_qpos.data], qvel = [...after.next_qvel.data];
    this.steps += 1;
    this.cost = performance.now() - began;
    if (!this.inside([...qpos, ...qvel])) {
      this.ended = true;
      return;
    }
    Object.assign(this, { qpos, qvel, observation: [...after.observation.data], reward: after.reward.data[0] });
  }

  /** Whether the model knows a state. */
  inside(state) {
    const { low, high } = this.model.bounds;
    return state.every((x, i) => Number.isFinite(x) && (low[i] === null || x >= low[i]) && (high[i] === null || x <= high[i]));
  }

  async bodyAt() {
    const shape = [1, this.model.bodies.length, 2];
    return this.sessions.body.run({ qpos: row(this.qpos), shoves: new ort.Tensor("float32", this.shoves.slice(), shape) });
  }

  /** Where the limbs are: the two ends of each capsule and the centre of mass, m. */
  async look() {
    const { ends, com } = await this.bodyAt();
    const e = ends.data;
    this.limbs = this.model.geoms.map((geom, i) => ({ ...geom, from: [e[4 * i], e[4 * i + 1]], to: [e[4 * i + 2], e[4 * i + 3]] }));
    this.com = [com.data[0], com.data[1]];
  }
}

/** The picture: a window of the world that follows the cheetah. */
class Picture {
  x = 0; // m, the middle

  fit() {
    const { clientWidth, clientHeight } = canvas;
    const dense = Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [Math.round(clientWidth * dense), Math.round(clientHeight * dense)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    this.width = clientWidth < 560 ? NARROW : VIEW;
    this.scale = width / this.width;
    this.dense = dense;
    this.style = getComputedStyle(place);
  }

  pixel([x, z]) {
    return [(x - this.x) * this.scale + canvas.width / 2, canvas.height * (1 - FLOOR) - z * this.scale];
  }

  point(event) {
    const box = canvas.getBoundingClientRect();
    const [u, v] = [(event.clientX - box.left) * this.dense, (event.clientY - box.top) * this.dense];
    return [(u - canvas.width / 2) / this.scale + this.x, (canvas.height * (1 - FLOOR) - v) / this.scale];
  }

  colour(name) {
    return this.style.getPropertyValue(name).trim();
  }

  gradient(top, bottom, from, to) {
    const filled = ink.createLinearGradient(0, from, 0, to);
    filled.addColorStop(0, this.colour(top));
    filled.addColorStop(1, this.colour(bottom));
    return filled;
  }

  draw(cheetah, drag) {
    this.fit();
    this.x = cheetah.com[0];
    this.ground();
    for (const limb of cheetah.limbs) this.limb(limb, 1.16, this.colour("--ink"), 1);
    for (const limb of cheetah.limbs) {
      this.limb(limb, 1, `rgb(${limb.colour})`, 1);
      this.limb(limb, 0.34, "rgba(255, 255, 255, 0.28)", 0.32);
    }
    if (drag) this.arrow(drag.from, drag.to);
  }

  ground() {
    const { width, height } = canvas;
    const top = height * (1 - FLOOR), thick = 0.012 * width;
    ink.fillStyle = this.gradient("--sky-top", "--sky-bottom", 0, top);
    ink.fillRect(0, 0, width, top);
    ink.fillStyle = this.gradient("--ground-top", "--ground-bottom", top, height);
    ink.fillRect(0, top, width, height - top);
    const first = Math.floor((this.x - this.width / 2) / TILE), last = Math.ceil((this.x + this.width / 2) / TILE);
    ink.font = `${11 * this.dense}px system-ui, sans-serif`;
    ink.textAlign = "center";
    ink.textBaseline = "top";
    for (let k = first; k <= last; k += 1) {
      const [left] = this.pixel([k * TILE, 0]);
      ink.fillStyle = this.colour(k % 2 ? "--tile-a" : "--tile-b");
      ink.fillRect(left, top, TILE * this.scale + 1, thick);
      ink.fillStyle = this.colour("--letters");
      if (k % 2 === 0) ink.fillText(`${k * TILE} m`, left, top + 2 * thick);
    }
  }

  /** A capsule, `share` of its radius thick and shifted towards the light by `shift` of it. */
  limb({ from, to, radius }, share, colour, shift) {
    const up = shift < 1 ? shift * radius * this.scale : 0;
    const [a, b] = [this.pixel(from), this.pixel(to)];
    ink.strokeStyle = colour;
    ink.lineWidth = 2 * share * radius * this.scale;
    ink.lineCap = "round";
    ink.beginPath();
    ink.moveTo(a[0] - 0.5 * up, a[1] - up);
    ink.lineTo(b[0] - 0.5 * up, b[1] - up);
    ink.stroke();
  }

  arrow(from, to) {
    const [a, b] = [this.pixel(from), this.pixel(to)];
    const turn = Math.atan2(b[1] - a[1], b[0] - a[0]), head = 10 * this.dense;
    if (Math.hypot(b[0] - a[0], b[1] - a[1]) < head) return;
    ink.strokeStyle = ink.fillStyle = this.colour("--accent");
    ink.lineWidth = 3 * this.dense;
    ink.beginPath();
    ink.moveTo(...a);
    ink.lineTo(b[0] - head * Math.cos(turn), b[1] - head * Math.sin(turn));
    ink.stroke();
    ink.beginPath();
    ink.moveTo(...b);
    for (const side of [-0.5, 0.5]) ink.lineTo(b[0] - head * 1.3 * Math.cos(turn + side), b[1] - head * 1.3 * Math.sin(turn + side));
    ink.fill();
  }
}

/** The distance of a point from a limb's axis, m. */
function apart([x, z], { from, to }) {
  const [u, v] = [to[0] - from[0], to[1] - from[1]];
  const share = Math.min(1, Math.max(0, ((x - from[0]) * u + (z - from[1]) * v) / (u * u + v * v || 1)));
  return Math.hypot(x - from[0] - share * u, z - from[1] - share * v);
}

const say = (text) => (place.querySelector(".cheetah-said").textContent = text);

function show(cheetah) {
  const write = (name, value, digits) => (numbers[name].textContent = Number.isFinite(value) ? value.toFixed(digits) : "–");
  write("speed", cheetah.qvel[0], 1);
  write("reward", cheetah.reward, 2);
  write("distance", cheetah.qpos[0], 0);
  write("cost", cheetah.cost, 1);
}

async function main() {
  const cheetah = await Cheetah.load();
  const picture = new Picture();
  const quiet = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const page = { cheetah, paused: quiet, speed: 1, drag: null };
  const torso = 0;
  let due = 0, last = null, frames = 0, asked = false;

  const press = (name, on) => buttons[name].setAttribute("aria-pressed", String(on));
  const push = (x, z) => cheetah.shove(torso, [x, z]);
  const acts = {
    left: () => push(-SHOVE, 0),
    right: () => push(SHOVE, 0),
    up: () => push(0, SHOVE),
    policy: () => press("policy", (cheetah.acts = !cheetah.acts)),
    slow: () => {
      page.speed = page.speed === 1 ? 0.2 : 1;
      press("slow", page.speed !== 1);
    },
    pause: () => press("pause", (page.paused = !page.paused)),
    reset: () => {
      asked = true;
      say("");
    },
  };
  for (const [name, act] of Object.entries(acts)) buttons[name].addEventListener("click", act);
  press("pause", quiet);

  canvas.addEventListener("pointerdown", (event) => {
    const at = picture.point(event);
    const nearest = [...cheetah.limbs].sort((a, b) => apart(at, a) - apart(at, b))[0];
    page.drag = { body: nearest.body, from: at, to: at };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (page.drag) page.drag.to = picture.point(event);
  });
  canvas.addEventListener("pointerup", () => {
    const { body, from, to } = page.drag ?? {};
    page.drag = null;
    if (from) cheetah.shove(body, [PULL * (to[0] - from[0]), PULL * (to[1] - from[1])]);
  });
  canvas.addEventListener("pointercancel", () => (page.drag = null));

  async function frame(now) {
    const seconds = last === null ? 0 : Math.min((now - last) / 1000, LONGEST);
    last = now;
    due = page.paused ? 0 : due + page.speed * seconds;
    try {
      if (asked) {
        asked = false;
        await cheetah.reset();
      }
      const middle = cheetah.com[0];
      for (; due >= cheetah.model.control_step && !cheetah.ended; due -= cheetah.model.control_step) await cheetah.step();
      if (cheetah.ended) {
        await cheetah.reset();
        say("The cheetah left the states that the model knows: a new episode.");
      }
      await cheetah.look();
      if (page.drag) for (const end of [page.drag.from, page.drag.to]) end[0] += cheetah.com[0] - middle;
      picture.draw(cheetah, page.drag);
      if (frames % 6 === 0) show(cheetah);
      frames += 1;
    } catch (error) {
      fail(error);
      return;
    }
    requestAnimationFrame(frame);
  }

  const { checkpoint, made_by: by } = cheetah.model;
  say(`Member ${checkpoint.member} of ${checkpoint.name}, mosim_gym ${by.mosim_gym}, commit ${by.commit}`);
  place.dataset.state = "ready";
  window.mosimCheetah = page;
  requestAnimationFrame(frame);
}

function fail(error) {
  place.dataset.state = "failed";
  say(`This browser cannot run the cheetah: ${error.message}`);
}

main().catch(fail);
