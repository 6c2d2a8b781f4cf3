# Why an attended start is needed: under Yama's restriction only an ancestor may inspect a process
# of the same user.
sleep 60 &
child=$!
# The sleeper's parent has ended, so this shell is no ancestor of it.
stranger=$(sh -c 'sleep 60 > /dev/null & echo $!')
look() { if (exec 3< "/proc/$1/mem") 2> /dev/null; then echo yes; else echo no; fi; }
if { true; } 3< "/proc/$child/mem"; then echo "ancestor: yes"; else echo "ancestor: no"; fi
echo "stranger: $(look "$stranger")"
echo "sibling: $(look "$child")"
kill "$child" "$stranger"
