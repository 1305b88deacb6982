sum=0
for ((i = 0; i < 100000; i++)); do
  ((i % 3 == 0)) && ((sum += i))
done
n=27 steps=0
for k in {1..100}; do
  n=$k
  while ((n != 1)); do ((n = n % 2 ? 3 * n + 1 : n / 2, steps++)); done
done
echo $sum $steps
