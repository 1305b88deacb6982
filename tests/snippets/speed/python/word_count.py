import re
from collections import Counter
words = [f"w{i * 7919 % 1009}" for i in range(60000)]
parts = []
for w in words:
    parts.append(w)
    parts.append(", " if len(w) % 2 else " ")
text = "".join(parts)
total = 0
for _ in range(5):
    total += sum(Counter(re.findall(r"[a-z]\d+", text)).values()) + len(re.sub(r"\d{3}", "#", text))
print(total)
