def a(i, j): return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)
def times(v, n): return [sum(a(i, j) * v[j] for j in range(n)) for i in range(n)]
def transposed(v, n): return [sum(a(j, i) * v[j] for j in range(n)) for i in range(n)]
n = 200
u = [1.0] * n
for _ in range(5):
    v = transposed(times(u, n), n)
    u = transposed(times(v, n), n)
print(f"{(sum(x * y for x, y in zip(u, v)) / sum(x * x for x in v)) ** 0.5:.6f}")
