declare -A count
declare -a list
for i in {1..15000}; do
  k=$((i * 7919 % 101))
  count[$k]=$((${count[$k]:-0} + 1))
  list+=("$k")
done
best=0
for k in "${!count[@]}"; do ((count[$k] > best)) && best=${count[$k]}; done
echo ${#list[@]} ${#count[@]} $best
