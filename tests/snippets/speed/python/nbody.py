import math
PI2 = 4 * math.pi ** 2
bodies = [[0, 0, 0, 0, 0, 0, PI2], [4.84, -1.16, -0.1, 0.6, 2.8, -0.02, 0.037], [8.34, 4.12, -0.4, -1.01, 1.82, 0.008, 0.011]]
def advance(dt, n):
    for _ in range(n):
        for i, a in enumerate(bodies):
            for b in bodies[i + 1:]:
                dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
                m = dt / (dx * dx + dy * dy + dz * dz) ** 1.5
                for k, d in ((3, dx), (4, dy), (5, dz)):
                    a[k] -= d * b[6] * m
                    b[k] += d * a[6] * m
        for b in bodies:
            b[0] += dt * b[3]; b[1] += dt * b[4]; b[2] += dt * b[5]
advance(0.001, 60000)
print(f"{bodies[1][0]:.6f}")
