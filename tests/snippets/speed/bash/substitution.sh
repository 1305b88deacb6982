total=0
for i in {1..200}; do
  n=$(echo "$i" | tr 1 2)
  ((total += n))
done
echo $total
