let x = 12345, h = 0x811c9dc5;
const values = [];
for (let i = 0; i < 300000; i++) { x = (Math.imul(1103515245, x) + 12345) & 0x7fffffff; values.push(x); }
values.sort((a, b) => a - b);
for (const v of values) for (let s = 0; s < 32; s += 8) h = Math.imul(h ^ (v >> s & 255), 0x01000193) >>> 0;
console.log(h.toString(16), new Set(values).size);
