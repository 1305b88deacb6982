const n = 2000000, flags = new Array(n + 1).fill(true);
for (let p = 2; p * p <= n; p++) if (flags[p]) for (let m = p * p; m <= n; m += p) flags[m] = false;
let count = 0;
for (let i = 2; i <= n; i++) if (flags[i]) count++;
console.log(count);
