#### variables_and_defaults
a=1; b="two words"; echo "$a $b ${c:-none} ${c-unset} ${#b}"; unset a; echo "[${a:+set}]"
: "${d:=made}"; echo "$d"
#### pattern_removal
f=/usr/local/lib/file.tar.gz; echo "${f##*/} ${f%.*} ${f%%.*} ${f#/usr} ${f/local/LOCAL} ${f//l/L} ${f/#\/usr/X} ${f/%gz/bz2}"
#### case_change
s="hello World"; echo "${s^} ${s^^} ${s,,} ${s,} ${s~~}"
#### substrings
s=abcdefgh; echo "${s:2} ${s:2:3} ${s: -3} ${s:(-3):2} ${s:0:-2}"
#### indirection
x=y; y=z; echo "${!x}"; arr=(1 2); n=arr[1]; echo "${!n}"
prefix_a=1; prefix_b=2; echo "${!prefix_@}"
#### arithmetic
echo $((1+2*3)) $((2**10)) $((7/2)) $((-7/2)) $((7%3)) $((-7%3)) $((1<<4)) $((0xff)) $((010)) $((2#101)) $((5>3 ? 10 : 20))
i=5; ((i++)); ((i+=10)); echo $i; echo $((i--)) $i; let "z = 3 * 4"; echo $z
#### arithmetic_conditions
if (( 3 > 2 && 1 )); then echo yes; fi; (( 0 )) || echo no; for ((i=0;i<3;i++)); do printf '%d ' $i; done; echo
#### integer_wraparound
echo $((9223372036854775807 + 1)) $((2**63))
#### arrays
a=(one two "three four"); a+=(five); echo "${#a[@]} ${a[2]} ${a[-1]}"; for x in "${a[@]}"; do echo "<$x>"; done
unset 'a[1]'; echo "${!a[@]}"; echo "${a[@]:1:2}"; b=("${a[@]/e/E}"); echo "${b[*]}"
#### sparse_arrays
a[5]=x; a[2]=y; echo "${!a[@]} ${a[@]} ${#a[@]}"
#### associative_arrays
declare -A m=([one]=1 [two]=2); m[three]=3; echo "${m[one]} ${#m[@]}"; for k in $(echo "${!m[@]}" | tr ' ' '\n' | sort); do echo "$k=${m[$k]}"; done
[[ -v m[two] ]] && echo has; [[ -v m[four] ]] || echo hasnot; unset 'm[one]'; echo ${#m[@]}
#### functions_and_locals
f() { local x=$1; x=$((x*2)); echo "$x"; return 3; }; x=7; f 21; echo "$? $x"
g() { echo "$# $* $1"; shift; echo "$1"; }; g a b c
#### recursion_of_depth_60
sum() { if (( $1 == 0 )); then echo 0; return; fi; local r; r=$1; acc=$((acc + r)); sum $((r-1)); }; acc=0; sum 60; echo $acc
#### factorial_with_substitution
fact() { local n=$1; if (( n <= 1 )); then echo 1; else echo $(( n * $(fact $((n-1))) )); fi; }; fact 12
#### fibonacci
fib() { local n=$1; if (( n < 2 )); then echo $n; else echo $(( $(fib $((n-1))) + $(fib $((n-2))) )); fi; }; fib 10
#### case_statement
for w in apple banana 42 x.txt ""; do case "$w" in a*) echo A;; [0-9]*) echo num;; *.txt|*.md) echo doc;; "") echo empty;; *) echo other;; esac; done
case x in x) echo 1;& y) echo 2;; z) echo 3;; esac; case x in x) echo a;;& x*) echo b;; esac
#### loops
for i in {1..3}; do for j in a b; do [[ $i == 2 ]] && continue 2; echo $i$j; done; done; n=0; while true; do n=$((n+1)); [ $n -gt 4 ] && break; done; echo $n; until (( n == 0 )); do ((n--)); done; echo $n
#### brace_expansion
echo {a,b}{1,2} {01..03} {a..e..2} {5..1} pre{x,y}post {10..1..3}
#### conditionals
[[ abc == a* ]] && echo glob; [[ abc =~ ^a(.)c$ ]] && echo "${BASH_REMATCH[1]}"; [[ 2 -lt 10 ]] && echo num; [[ a < b ]] && echo lex; [ -z "" -a -n x ] && echo test; [[ ! -e nofile ]] && echo missing
#### regex_captures
line='2024-01-15 ERROR [db] timeout after 30s'; re='^([0-9-]+) ([A-Z]+) \[([a-z]+)\] (.*)$'
if [[ $line =~ $re ]]; then printf '%s|' "${BASH_REMATCH[@]:1}"; echo; fi
#### here_documents
name=World; cat <<EOF
Hello $name $(echo sub) $((1+1)) \$x
EOF
cat <<'EOF'
Hello $name
EOF
cat <<-EOF
	indented
	EOF
cat <<< "here $name"
#### command_substitution
x=$(printf 'a\nb\n\n'); echo "[$x]"; y=`echo back`; echo $y; echo "$(echo "nested $(echo "deep")")"
#### process_substitution
diff <(printf 'a\nb\n') <(printf 'a\nc\n'); while read -r l; do echo "got $l"; done < <(printf '1\n2\n')
#### pipes_and_status
false | true; echo $?; set -o pipefail; false | true; echo $?; set +o pipefail; true | false | true; echo "${PIPESTATUS[@]}"; ! true; echo $?
#### redirections
echo out > f; echo more >> f; cat < f; { echo a; echo b >&2; } 2>err >out; cat out err; ls nofile 2>/dev/null || echo failed; exec 3>third; echo three >&3; exec 3>&-; cat third
echo both &> all; cat all; echo x 1>&2 2>/dev/null
#### read_loop
printf 'a,1\nb,2\n' | while IFS=, read -r k v; do echo "$v-$k"; done; read -r x y <<< "one two three"; echo "$y"; IFS=: read -ra parts <<< "a:b:c"; echo "${#parts[@]} ${parts[1]}"
#### read_without_last_newline
printf 'a\nb' | while read -r l || [[ -n $l ]]; do echo "[$l]"; done
#### mapfile
mapfile -t lines < <(printf 'x\ny\nz\n'); echo "${#lines[@]} ${lines[1]}"; readarray -t -n 2 two < <(printf '1\n2\n3\n'); echo "${two[*]}"
#### errexit
set -e; f() { false; echo "not reached"; }; if f; then echo then; fi; echo before; (exit 3) || echo caught; false; echo after
#### errexit_in_pipeline
set -eo pipefail; echo a | grep b | cat; echo after
#### nounset
set -u; echo "${x:-ok}"; echo "$y"; echo after
#### trap_exit
trap 'echo bye $?' EXIT; echo hi; exit 4
#### trap_err
trap 'echo "err at $LINENO"' ERR
true
false
echo on
#### trap_exit_with_errexit
set -e; cleanup() { echo cleaned; }; trap cleanup EXIT; false; echo no
#### subshell_isolation
x=1; (x=2; cd /; echo $x); echo $x; { x=3; }; echo $x
#### printf_formats
printf '%5d|%-5s|%05.2f|%x|%o|%c|%%\n' 42 ab 3.14159 255 8 xyz; printf '%s\n' a b c; printf -v out '%03d' 7; echo $out; printf '%q\n' 'a b'; printf '%b' 'x\ty\n'; printf '%s %s\n' one; printf '%e\n' 12345.678; printf '%+d % d\n' 5 5
#### printf_repeat_and_time
printf '%.0s-' {1..10}; echo; printf '%(%Y)T\n' 0
#### echo_options
echo -n a; echo -e 'b\tc\n'; echo -E 'x\n'; echo "-n"
#### quoting
echo 'single $x' "double \$x \"q\"" $'ansi\tc\x41\u00e9' a\ b; x='*'; echo "$x"; echo "a
b"
#### word_splitting
x="a  b   c"; echo $x; echo "$x"; IFS=,; y="1,2,,3"; for p in $y; do echo "[$p]"; done
#### positional
set -- a "b c" d; echo $# "$2" "$*"; for p; do echo "<$p>"; done; shift 2; echo "$1"; set -- "${@:1:1}" e; echo "$@"
#### getopts
parse() { local OPTIND opt; while getopts "ab:c" opt "$@"; do case $opt in a) echo A;; b) echo "B=$OPTARG";; c) echo C;; \?) echo bad;; esac; done; shift $((OPTIND-1)); echo "rest: $*"; }; parse -a -b val -c x y
#### globbing
touch a1.txt a2.txt b.md .hidden; echo *.txt; echo a[12].txt; echo ?.md; echo *.none; shopt -s nullglob; echo *.none; shopt -s dotglob; echo *; shopt -u dotglob nullglob; mkdir -p d/e; touch d/e/f.txt; shopt -s globstar; echo **/*.txt
#### extglob
shopt -s extglob
touch x.c x.h y.o; echo !(*.o); case foobar in foo@(bar|baz)) echo m;; esac; s="aaab"; echo "${s##+(a)}"
#### declare_flags
declare -i n=5+3; echo $n; declare -r c=1; declare -x E=1; declare -u up=abc; echo $up; declare -l lo=ABC; echo $lo; readonly c; (c=2) 2>/dev/null || echo ro; declare -p n
#### namerefs
f() { local -n ref=$1; ref=changed; }; v=old; f v; echo $v
#### special_parameters
f() { echo "${FUNCNAME[0]}"; }; f; true; echo $?; echo "${BASH_VERSINFO[0]}"; echo $-  | grep -c h; [[ $RANDOM -ge 0 ]] && echo rnd; [[ $SECONDS -ge 0 ]] && echo sec; [[ $$ -gt 0 ]] && echo pid
#### eval_and_indirect_calls
cmd='echo evaluated $((1+1))'; eval "$cmd"; f=echo; $f called; a=(echo from array); "${a[@]}"
#### source_file
echo 'v=sourced; g() { echo "g $1"; }' > lib.sh; source ./lib.sh; echo $v; g x; . ./lib.sh; echo $?
#### run_script_file
printf '#!/bin/bash\necho "script $1 $#"\nexit 5\n' > s.sh; bash s.sh a b; echo $?; chmod +x s.sh; ./s.sh c; echo $?
#### bash_c
bash -c 'echo "$0 $1"' zero one; x=1 bash -c 'echo $x'; export y=2; bash -c 'echo $y'
#### env_prefix
x=global; f() { echo $x; }; x=temp f; echo $x; env A=1 bash -c 'echo $A'
#### exit_codes
(exit 42); echo $?; nosuchcommand 2>/dev/null; echo $?; f() { return 300; }; f; echo $?; true && false || echo or
#### select_like_menu
options=(red green blue); for i in "${!options[@]}"; do printf '%d) %s\n' $((i+1)) "${options[i]}"; done
#### background_and_wait
(sleep 0.05; echo bg) & wait; echo done; sleep 0.01 & p=$!; wait $p; echo $?
#### type_and_command
type -t echo; type -t if; f() { :; }; type -t f; command -v f; command -v nosuch || echo none; hash -r
#### string_compare
[ "abc" = "abc" ] && echo eq; [ "a" != "b" ] && echo ne; [[ "abc" > "abb" ]] && echo gt; [ 10 -gt 9 ] && echo num
#### file_tests
touch f; mkdir d; ln -s f l; [ -f f ] && echo file; [ -d d ] && echo dir; [ -L l ] && echo link; [ -s f ] || echo empty; [ -r f ] && echo r; echo x > f; [ -s f ] && echo size; [ f -nt nofile ] && echo newer
#### nested_data
declare -A g; g[a,1]=x; g[b,2]=y; for k in "a,1" "b,2"; do IFS=, read -r r c <<< "$k"; echo "$r$c=${g[$k]}"; done
#### string_repeat_and_reverse
s=abc; r=; for ((i=${#s}-1;i>=0;i--)); do r+=${s:i:1}; done; echo $r
#### bubble_sort
a=(5 3 9 1); n=${#a[@]}; for ((i=0;i<n;i++)); do for ((j=0;j<n-i-1;j++)); do if ((a[j]>a[j+1])); then t=${a[j]}; a[j]=${a[j+1]}; a[j+1]=$t; fi; done; done; echo "${a[*]}"
#### prime_sieve
for ((n=2;n<30;n++)); do p=1; for ((d=2;d*d<=n;d++)); do if ((n%d==0)); then p=0; break; fi; done; ((p)) && printf '%d ' $n; done; echo
#### unicode
s="héllo wörld"; echo ${#s} "${s:1:4}" "${s^^}"; echo "日本語" | wc -m
#### quoted_at
f() { echo $#; }; set -- a "b c"; f "$@"; f $@; f "$*"; x=("$@"); f "${x[@]}"
#### transform_operators
x='a b'; echo "${x@Q} ${x@U} ${x@u}"; a=(1 2); echo "${a[@]@Q}"
#### logical_lists
true && echo a || echo b; false && echo a || echo b; { false || true; } && echo c; ! false && echo d
#### heredoc_in_function
f() { cat <<E
arg: $1
E
}; f x; f "y z"
#### heredoc_to_file_and_pipe
cat > conf.ini <<'X'
[a]
k=v
X
grep = conf.ini; cat <<X | tr a-z A-Z
shout
X
#### local_arrays
f() { local -a a=(1 2 3); local s=0; for x in "${a[@]}"; do ((s+=x)); done; echo $s; }; f; echo "${#a[@]}"
#### array_slicing_and_join
a=(a b c d e); IFS=,; echo "${a[*]:1:3}"; unset IFS; printf '%s\n' "${a[@]: -2}"; a=("${a[@]:0:2}" X "${a[@]:2}"); echo "${a[@]}"
#### stdin_dash
echo data | cat -; echo data | { read -r x; echo "got $x"; }
#### error_message_status
cat nofile 2>&1; echo $?; [ 1 -eq x ] 2>/dev/null; echo $?
#### return_in_loop
f() { for i in 1 2 3; do [[ $i == 2 ]] && return $i; done; }; f; echo $?
#### lineno_and_bash_source
echo $LINENO
f() { echo "${BASH_LINENO[0]}"; }
f
#### printf_star
printf '%*d|%-*s|%.*f\n' 5 42 6 ab 2 3.14159
#### shift_args_loop
f() { while [[ $# -gt 0 ]]; do case $1 in --name) n=$2; shift 2;; --flag) fl=1; shift;; *) break;; esac; done; echo "$n $fl $*"; }; f --name x --flag y z
