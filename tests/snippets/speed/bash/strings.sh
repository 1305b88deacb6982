total=0
for i in {1..8000}; do
  s="prefix-$i-suffix.txt"
  t=${s#prefix-}; t=${t%%-*}
  u=${s^^}; u=${u//F/_}
  ((total += ${#u} + t))
done
echo $total "$u"
