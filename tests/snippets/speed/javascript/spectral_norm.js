const a = (i, j) => 1 / ((i + j) * (i + j + 1) / 2 + i + 1);
const times = (v, n) => { const o = new Float64Array(n); for (let i = 0; i < n; i++) { let s = 0; for (let j = 0; j < n; j++) s += a(i, j) * v[j]; o[i] = s; } return o; };
const transposed = (v, n) => { const o = new Float64Array(n); for (let i = 0; i < n; i++) { let s = 0; for (let j = 0; j < n; j++) s += a(j, i) * v[j]; o[i] = s; } return o; };
const n = 300;
let u = new Float64Array(n).fill(1), v;
for (let k = 0; k < 10; k++) { v = transposed(times(u, n), n); u = transposed(times(v, n), n); }
let uv = 0, vv = 0;
for (let i = 0; i < n; i++) { uv += u[i] * v[i]; vv += v[i] * v[i]; }
console.log(Math.sqrt(uv / vv).toFixed(6));
