const PI2 = 4 * Math.PI ** 2;
const bodies = [[0, 0, 0, 0, 0, 0, PI2], [4.84, -1.16, -0.1, 0.6, 2.8, -0.02, 0.037], [8.34, 4.12, -0.4, -1.01, 1.82, 0.008, 0.011]];
function advance(dt, n) {
  for (let s = 0; s < n; s++) {
    for (let i = 0; i < bodies.length; i++) for (let j = i + 1; j < bodies.length; j++) {
      const a = bodies[i], b = bodies[j], dx = a[0] - b[0], dy = a[1] - b[1], dz = a[2] - b[2];
      const m = dt / (dx * dx + dy * dy + dz * dz) ** 1.5;
      a[3] -= dx * b[6] * m; a[4] -= dy * b[6] * m; a[5] -= dz * b[6] * m;
      b[3] += dx * a[6] * m; b[4] += dy * a[6] * m; b[5] += dz * a[6] * m;
    }
    for (const b of bodies) { b[0] += dt * b[3]; b[1] += dt * b[4]; b[2] += dt * b[5]; }
  }
}
advance(0.001, 200000);
console.log(bodies[1][0].toFixed(6));
