let data = Array.from({ length: 3000 }, (_, i) => ({ id: i, name: `name ${i}`, tags: ["a", "b", String(i)], score: i / 7, nested: { ok: i % 2 === 0 } }));
for (let k = 0; k < 30; k++) data = JSON.parse(JSON.stringify(data));
console.log(JSON.stringify(data).length);
