for i in {1..10}; do
  seq 2000 | awk '{ print $1 % 97, $1 }' | sort -k1,1n -k2,2nr | uniq -w2 | grep -v '^1' | cut -d' ' -f2 > out.txt
done
wc -l < out.txt
