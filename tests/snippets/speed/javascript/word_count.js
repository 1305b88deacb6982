let text = "";
for (let i = 0; i < 60000; i++) { const w = `w${i * 7919 % 1009}`; text += w + (w.length % 2 ? ", " : " "); }
let total = 0;
for (let k = 0; k < 5; k++) {
  const counts = new Map();
  for (const w of text.match(/[a-z]\d+/g)) counts.set(w, (counts.get(w) ?? 0) + 1);
  for (const n of counts.values()) total += n;
  total += text.replace(/\d{3}/g, "#").length;
}
console.log(total);
