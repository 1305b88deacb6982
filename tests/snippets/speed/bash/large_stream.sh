seq 90000 > numbers.txt
sed 's/5/five/g' numbers.txt | grep five | awk '{ s += length($0) } END { print s, NR }'
sort -rn numbers.txt | head -1
tr 0-9 a-j < numbers.txt | wc -c
