import json
data = [{"id": i, "name": f"name {i}", "tags": ["a", "b", str(i)], "score": i / 7, "nested": {"ok": i % 2 == 0}} for i in range(3000)]
for _ in range(15):
    data = json.loads(json.dumps(data))
print(len(json.dumps(data)))
