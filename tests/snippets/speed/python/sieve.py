n = 1_500_000
flags = [True] * (n + 1)
for p in range(2, int(n ** 0.5) + 1):
    if flags[p]:
        for m in range(p * p, n + 1, p):
            flags[m] = False
print(sum(flags) - 2)
