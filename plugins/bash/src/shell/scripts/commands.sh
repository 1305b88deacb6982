#### grep_options
printf 'foo 1\nbar 2\nFoo 3\nbaz\n' > f; grep foo f; grep -i foo f; grep -v o f; grep -c o f; grep -n ba f; grep -E '^(foo|baz)' f; grep -o '[0-9]' f; grep -w bar f; grep -q bar f && echo q; grep -l foo f; grep -A1 bar f; grep -F '.' f || echo none; grep -e foo -e baz f; grep -P '\d' f | wc -l
#### grep_recursive
mkdir -p d/s; echo hit > d/a.txt; echo hit > d/s/b.txt; echo miss > d/c.md; grep -r hit d | sort; grep -rl hit d --include='*.txt' | sort; grep -rn hit d/s; grep -h hit d/a.txt d/s/b.txt; grep -x hit d/a.txt
#### sed_basics
printf 'one\ntwo\nthree\n' > f; sed 's/o/0/' f; sed -n '2p' f; sed '1d' f; sed '$d' f; sed -e 's/t/T/g' -e '/one/d' f; sed -n '/two/,$p' f; sed '2i\ins' f; sed '2a app' f; sed 's/\(.\)\(.\)/\2\1/' f; sed -E 's/(t)(.)/\2\1/' f; sed '2c\changed' f; sed 'y/abc/xyz/' f
#### sed_in_place
printf 'a=1\nb=2\n' > f; sed -i 's/=/: /' f; cat f; sed -i.bak '1d' f; cat f f.bak; sed -n '1~2p' <(seq 5); sed '/b/{s/b/B/;s/2/3/}' f; sed 's|/|-|g' <<< a/b/c; sed 's/x*/-/g' <<< abc; sed -n '$=' f.bak; echo hello | sed 's/l/L/2'; echo aaa | sed 's/a/b/2g'; echo 'a b' | sed 's/\w\+/[&]/g'
#### sed_hold_space
printf '1\n2\n3\n' | sed -n '1!G;h;$p'; printf 'a\nb\nc\n' | sed ':a;N;$!ba;s/\n/,/g'; printf 'k\nv\n' | sed 'N;s/\n/=/'
#### awk_fields
printf 'alice 30 NY\nbob 25 LA\ncarol 35 SF\n' > f; awk '{print $1, $3}' f; awk '$2 > 26 {print $1}' f; awk 'END {print NR}' f; awk '{s+=$2} END {print s, s/NR}' f; awk -F: '{print $2}' <<< a:b:c; awk 'BEGIN {OFS="-"} {$1=$1; print}' f; awk 'NR==2' f; awk '/o/ {c++} END {print c}' f; awk -v x=5 'BEGIN {print x*2}'; awk '{print NF, $NF}' f
#### awk_programs
awk 'BEGIN {for (i=1;i<=5;i++) s+=i; print s; print length("hello"), substr("hello",2,3), index("hello","l"), toupper("a"), split("a,b,c",p,","), p[2]; printf "%5.2f|%-5s|%03d\n", 3.14159, "ab", 7}'
awk 'BEGIN {s="foo bar foo"; n=gsub(/foo/,"baz",s); print n, s; if (match("abc123",/[0-9]+/)) print RSTART, RLENGTH; print 7%3, 2^10, int(3.7), 1e6, 0.1+0.2; x["a"]; print ("a" in x), ("b" in x); delete x["a"]; print length(x)}'
awk 'function f(n) {return n<2?1:n*f(n-1)} BEGIN {print f(10); do {j++} while (j<3); print j; printf "%s %d %c\n", "s", 42.9, 65; print 100000000, 0.000001}'
#### awk_grouping
printf 'a 1\nb 2\na 3\nb 4\nc 5\n' | awk '{s[$1]+=$2; n[$1]++} END {for (k in s) print k, s[k], n[k]}' | sort; awk '!seen[$0]++' <(printf 'a\nb\na\n'); awk '{a[NR]=$0} END {for(i=NR;i>0;i--) print a[i]}' <(seq 3); awk -F'[:,]' '{print $3}' <<< 'a:b,c'; awk '{print > "out_" $1 ".txt"}' <(printf 'p 1\nq 2\n'); cat out_p.txt; awk 'BEGIN{RS=""}{print NR": "$1}' <(printf 'a\nb\n\nc\n')
#### sort_options
printf 'b 2\na 10\nc 1\n' > f; sort f; sort -r f; sort -k2 -n f; sort -k2,2nr f; printf '3\n1\n2\n1\n' | sort -nu; printf '10K\n2M\n1G\n' | sort -h; sort -t: -k2 <<< $'x:b\ny:a'; printf 'v1.10\nv1.9\n' | sort -V; sort -o g f; cat g; printf 'x 2 b\nx 1 a\n' | sort -k1,1 -k2,2n
#### uniq_and_comm
printf 'a\na\nb\nb\nb\nc\n' | uniq -c; printf 'a\na\nb\n' | uniq -d; printf 'a\na\nb\n' | uniq -u; comm <(printf 'a\nb\n') <(printf 'b\nc\n'); comm -12 <(printf 'a\nb\n') <(printf 'b\nc\n'); join <(printf '1 a\n2 b\n') <(printf '1 x\n2 y\n')
#### cut_and_paste
echo 'a:b:c' | cut -d: -f2; echo 'a:b:c' | cut -d: -f1,3; echo 'a:b:c' | cut -d: -f2-; echo abcdef | cut -c2-4; printf 'a\nb\n' | paste -sd,; paste <(printf '1\n2\n') <(printf 'a\nb\n'); paste -d: <(echo 1) <(echo 2); echo 'nodelim' | cut -s -d: -f2; echo a:b | cut -d: -f1,2 --output-delimiter=-
#### tr_options
echo hello | tr a-z A-Z; echo 'a  b' | tr -s ' '; echo a1b2 | tr -d 0-9; echo a1b2 | tr -cd '[:alpha:]'; echo; echo ABC | tr '[:upper:]' '[:lower:]'; echo aabb | tr -s a-z
#### head_tail_wc
seq 10 > f; head -3 f; tail -2 f; tail -n +9 f; head -c 4 f; head -n -8 f; wc -l f; wc -l < f; wc f; wc -c < f; printf 'a b\nc' | wc -w; tail -c 3 f; wc -l f f
#### find_options
mkdir -p d/sub; touch d/a.txt d/b.md d/sub/c.txt; echo xx > d/big; find d -name '*.txt' | sort; find d -type d | sort; find d -maxdepth 1 -type f | sort; find d -name '*.txt' -exec echo found {} \; | sort; find d -type f ! -name '*.txt' | sort; find d -name '*.txt' -o -name '*.md' | sort; find d -size +0 -type f; find d -empty -type f | sort; find d -name '*.txt' -print0 | xargs -0 ls | sort; find d -name b.md -delete; ls d; find d -mindepth 2; find d -printf '%f %y\n' | sort
#### xargs_options
echo 'a b c' | xargs echo pre; printf '1\n2\n3\n' | xargs -n1 echo n; printf 'a\nb\n' | xargs -I{} echo '<{}>'; seq 5 | xargs -n2 echo; printf 'a b\nc\n' | xargs -d '\n' -n1 echo; echo | xargs -r echo none; echo 'a b' | xargs bash -c 'echo "$1-$2"' _; seq 3 | xargs -P2 -I{} sh -c 'echo "job {}"' | sort
#### file_operations
mkdir -p a/b/c; echo x > a/b/f; cp a/b/f g; cp -r a z; ls z/b; mv g h; ls; rm h; rm -r z; [ -e z ] || echo gone; rmdir a/b/c; ln -s a/b/f link; cat link; readlink link; basename /x/y.txt .txt; dirname /x/y.txt; touch -d '2020-01-01' t; date -r t +%Y; mkdir a/b 2>/dev/null || echo exists; rm -f nofile; echo $?; cp a/b/f a/k; find a | sort; stat -c '%s' a/k; truncate -s 10 tr; wc -c < tr; ls -1 a; chmod 600 t; stat -c %a t
#### tee_and_cat
echo t | tee f; echo u | tee -a f > /dev/null; cat f; cat -n f; tac f; rev <<< abc; nl f; cat f - <<< stdin; fold -w 3 <<< abcdefg; column -t <(printf 'a bb\nccc d\n')
#### date_arithmetic
date -u -d '2024-01-31 + 1 day' +%F; date -u -d @86400 '+%Y-%m-%d %H:%M:%S'; date -u -d '2024-01-15T10:20:30Z' +%s; date -u -d '2024-02-29 12:00' '+%A %B %j'; date -u -d '2024-01-01 + 2 weeks' +%F; [[ $(date +%s) -gt 1600000000 ]] && echo now; TZ=America/New_York date -d @0 +%H
#### seq_forms
seq 3; seq 2 4; seq 1 2 7; seq 5 -2 1; seq -w 8 10; seq -s, 3; seq 0 0.5 1.5; seq -f 'n%03g' 2; seq 3 1; seq 1000000 | head -1; seq 5 | shuf | sort -n | tr '\n' ' '; seq -w -5 5 5; seq 1 0.25 1.5; seq -w 1 .5 2
#### jq_queries
j='{"name":"x","list":[1,2,3],"o":{"k":"v"},"n":null}'; jq . <<< "$j"; jq -r .name <<< "$j"; jq -c '.list|map(.*2)' <<< "$j"; jq '.list|add' <<< "$j"; jq -c '{name,first:.list[0]}' <<< "$j"; jq -n --arg a 1 '{a:$a}' -c; jq -e .n <<< "$j" >/dev/null; echo $?; jq -r '@csv' <<< '[1,"a,b"]'; jq -c 'to_entries|map(.key)' <<< "$j"; jq -c 'group_by(.a)|map({a:.[0].a,n:length})' <<< '[{"a":1},{"a":2},{"a":1}]'; jq -r '"\(.name)-\(.list[1])"' <<< "$j"; jq '.missing // "def"' <<< "$j"; jq -R -c 'split(",")' <<< a,b; jq -sc add <<< '1 2 3'
#### checksums_and_encodings
printf abc | sha256sum; printf abc | md5sum; printf abc | base64; echo YWJj | base64 -d; echo; printf abc | od -An -tx1; echo 'test' | gzip -c | gunzip -c
#### archives
mkdir d; echo a > d/a; echo b > d/b; tar czf d.tgz d; rm -r d; tar tzf d.tgz | sort; tar xzf d.tgz; cat d/a d/b; gzip -k d/a; ls d; gunzip -c d/a.gz
#### diff_and_cmp
printf 'a\nb\nc\n' > x; printf 'a\nB\nc\nd\n' > y; diff x y; echo $?; diff -u x y | tail -n +3; diff -q x y; cmp x x && echo same
#### bc_and_expr
echo '2^10 + 3' | bc; echo 'scale=3; 10/3' | bc; expr 3 + 4; expr length hello; expr 5 \* 6; echo '5 > 3' | bc; numfmt --to=iec 2048
#### text_pipeline
printf 'the cat the dog the end cat\n' | tr ' ' '\n' | sort | uniq -c | sort -k1,1nr -k2 | head -2 | awk '{print $2": "$1}'
#### csv_report
printf 'region,product,amount\nnorth,a,10.5\nsouth,b,20\nnorth,b,5.25\n' > s.csv; awk -F, 'NR>1 {t[$1]+=$3} END {for (r in t) printf "%s %.2f\n", r, t[r]}' s.csv | sort; tail -n +2 s.csv | cut -d, -f2 | sort -u; while IFS=, read -r r p a; do [[ $r == region ]] && continue; echo "$p:$a"; done < s.csv; sort -t, -k3 -nr s.csv | head -1
#### config_parsing
printf '# c\n[db]\nhost = localhost\nport=5432\n' > c.ini; section=; declare -A cfg; while IFS= read -r line; do line="${line%%#*}"; line="${line#"${line%%[![:space:]]*}"}"; [[ -z $line ]] && continue; if [[ $line =~ ^\[(.*)\]$ ]]; then section=${BASH_REMATCH[1]}; elif [[ $line =~ ^([^=]+)=(.*)$ ]]; then k=${BASH_REMATCH[1]// /}; v=${BASH_REMATCH[2]# }; cfg[$section.$k]=$v; fi; done < c.ini; for k in db.host db.port; do echo "$k=${cfg[$k]}"; done
#### rename_files
touch 'a b.TXT' c.TXT; for f in *.TXT; do mv -- "$f" "${f%.TXT}.txt"; done; ls -1; for f in *.txt; do n=$(echo "$f" | tr ' ' _); [ "$f" = "$n" ] || mv "$f" "$n"; done; ls
#### retry_function
retry() { local n=$1; shift; local i; for ((i=1;i<=n;i++)); do "$@" && return 0; echo "try $i failed"; done; return 1; }; c=0; flaky() { ((++c >= 3)); }; retry 5 flaky; echo "$? $c"
#### pushd_popd
mkdir p q; pushd p >/dev/null; basename "$PWD"; pushd ../q >/dev/null; basename "$PWD"; popd >/dev/null; basename "$PWD"; popd > /dev/null; cd p && cd - >/dev/null; ls
#### yes_and_timeout
yes | head -2; timeout 5 echo in; timeout 0.1 sleep 5; echo $?
#### split_and_env
seq 10 | split -l 4 - part_; ls part_*; cat part_ac; export A=1 B=2; env | grep -E '^(A|B)=' | sort; printenv A; A=5 env | grep '^A='
#### long_strings
s=$(printf 'x%.0s' {1..1000}); echo ${#s}; s=$(head -c 100000 /dev/zero | tr '\0' a); echo ${#s}
#### base_conversion
printf '%d %d\n' 0xff 077; echo $((16#ff)) $((2#1010)); printf '%d\n' "'A"; printf "\\$(printf %o 65)\n"
#### devices
echo x > /dev/null; cat /dev/null | wc -c; echo err > /dev/stderr; echo out > /dev/stdout; head -c 4 /dev/zero | od -An -tx1; echo in | cat /dev/stdin
