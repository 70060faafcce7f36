#!/usr/bin/env bash
# Walk the README's way on a ROS distribution, step by step, each in a new terminal that never
# activated anything, and print a line for each: ok, failed or skipped.
#
#   walk.sh TERMINAL WORKSPACE
#
#   TERMINAL     the file that a new terminal sources, such as /opt/ros/jazzy/setup.bash
#   WORKSPACE    a new folder for the workspace and the logs
#
# Not a part of `make test`: it installs packages, and takes some minutes. ROS_DOMAIN_ID can be set.
set -uo pipefail
set -m  # Programs in the background take SIGINT, as in a terminal.

[ $# = 2 ] || { sed -n 's/^# \{0,1\}//; 2,/^set/{/^set/!p}' "$0" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
terminal=$(realpath "$1")
mkdir -p "$2"
workspace=$(cd "$2" && pwd)
[ ! -e "$workspace/src" ] || { echo "$workspace is not new" >&2; exit 2; }
export ROS_DOMAIN_ID=${ROS_DOMAIN_ID:-$((RANDOM % 100 + 1))}
logs=$workspace/logs
source=$workspace/src/roadseg_ros
bag=$workspace/demo/drive
failures=0
background=()

# A new terminal in the workspace, with the distribution sourced; then COMMAND takes its place.
bare() {
    env -i HOME="$HOME" LANG=C.UTF-8 bash -c '
        set +u; . "$1"; cd "$2"; export ROS_DOMAIN_ID="$3"; eval "$4"' \
        bash "$terminal" "$workspace" "$ROS_DOMAIN_ID" "$1"
}
# The same with the workspace sourced.
built() { bare ". install/setup.bash; $1"; }

# step NAME COMMAND...: run it, and say how it went.
step() {
    local name=$1 begin=$SECONDS log
    shift
    log=$logs/${name//[^A-Za-z0-9]/_}.log
    if "$@" > "$log" 2>&1; then
        echo "ok      $name ($((SECONDS - begin)) s)"
    else
        echo "failed  $name ($((SECONDS - begin)) s): $log"
        tail -n 5 "$log" | sed 's/^/            /'
        failures=$((failures + 1))
    fi
}

# start LOG COMMAND: run it in the background, in a terminal with the workspace sourced.
start() {
    built "exec $2" > "$logs/$1.log" 2>&1 &
    background+=($!)
}

# Stop all in the background as Ctrl-C does, the last first; fail where a node is left. A job of the
# shell is a process group, as what runs in a terminal.
stop() {
    local i pid left=0
    for ((i = ${#background[@]} - 1; i >= 0; i--)); do
        pid=${background[i]}
        kill -INT -- "-$pid" 2> /dev/null
        timeout 30 tail --pid="$pid" -f /dev/null || { echo "$pid goes on after SIGINT"; left=1; }
    done
    background=()
    [ -z "$(nodes)" ] || { echo "nodes are left: $(nodes)"; kill -KILL $(nodes); left=1; }
    return $left
}
trap 'stop > /dev/null 2>&1' EXIT

# The processes of this workspace's segmentation node.
nodes() {
    ps -eo pid,args | awk -v folder="$workspace" \
        'index($0, folder) && /\/segmentation_node( |$)/ && !/awk/ && !/ros2 / {print $1}'
}

play() { start "play_${1//\//_}" "ros2 run roadseg_ros play --source front=$bag --bag-topic front=/camera/front/image_raw --topic front=$1 --fps 5 --loop"; }
receive() { bare "exec python3 $here/receive.py $*"; }

setup() { bare 'make -C src/roadseg_ros setup'; }
keeps_numpy() {
    bare 'set -e; system=$(python3 -c "import numpy; print(numpy.__version__)")
        own=$(src/roadseg_ros/.venv/bin/python -c "import numpy; print(numpy.__version__)")
        echo "$system of the distribution, $own in .venv"; [ "$system" = "$own" ]'
}
build() { bare 'colcon build --packages-select roadseg_ros'; }
link() { bare 'colcon build --packages-select roadseg_ros --symlink-install --build-base linked/build --install-base linked/install'; }
tests() { bare 'colcon test --packages-select roadseg_ros --return-code-on-test-failure && colcon test-result'; }
first_lines() {
    local file
    for file in "$workspace"/{,linked/}install/roadseg_ros/lib/roadseg_ros/*; do
        head -n 1 "$file"
        [ "$(head -n 1 "$file")" = "#!$source/.venv/bin/python" ] || return 1
    done
}
help_of() { built "set -e; for name in segmentation_node play evaluate_bag roadseg; do timeout 60 \$(ros2 pkg prefix roadseg_ros)/lib/roadseg_ros/\$name --help | grep -i usage; done"; }
demo() { built "ros2 run roadseg_ros demo --cameras front --fps 5 --seconds 4 --output $workspace/demo"; }
by_hand() {
    start node "$workspace/install/roadseg_ros/lib/roadseg_ros/segmentation_node"
    play /camera/front/image_raw
    receive /segmentation/front/label /segmentation/front/overlay
}
evaluate() { built "ros2 run roadseg_ros evaluate_bag $bag --output $workspace/evaluation"; }
launched() {
    start launch 'ros2 launch roadseg_ros seg.launch.py cameras:=front image_topics:=front=/my_camera/image_raw'
    play /my_camera/image_raw
    receive /segmentation/front/label
}
scenario() {
    start scenario 'ros2 launch roadseg_ros seg.launch.py scenario:=parking'
    play /camera/front/image_raw
    receive /segmentation/front/label
}
namespaces() {
    local name
    for name in car1 car2; do
        start "launch_$name" "ros2 launch roadseg_ros seg.launch.py namespace:=$name"
        play "/$name/camera/front/image_raw"
    done
    receive /car1/segmentation/front/label /car2/segmentation/front/label
}
respawned() {
    local killed
    start respawn 'ros2 launch roadseg_ros seg.launch.py respawn:=true respawn_delay:=0.5'
    play /camera/front/image_raw
    receive /segmentation/front/label || return 1
    killed=$(nodes)
    [ -n "$killed" ] || { echo 'no node found'; return 1; }
    kill -KILL $killed
    receive /segmentation/front/label || return 1
    [ "$(nodes)" != "$killed" ] || { echo "$killed goes on after SIGKILL"; return 1; }
}

main() {
    mkdir -p "$logs" "$workspace/src"
    bare 'python3 -c "import sys, numpy, cv2, setuptools
print(\"Python\", sys.version.split()[0], \"NumPy\", numpy.__version__, \"OpenCV\", cv2.__version__, \"setuptools\", setuptools.__version__)"; echo "ROS $ROS_DISTRO, domain $ROS_DOMAIN_ID"' 2> /dev/null
    step 'clone' git clone --quiet "$(git -C "$here" rev-parse --show-toplevel)" "$source"
    step 'make setup' setup
    step 'the NumPy of the distribution stays' keeps_numpy
    step 'colcon build' build
    step 'colcon build --symlink-install' link
    step 'executables of both start with .venv' first_lines
    step '--help of the executables' help_of
    step 'demo' demo
    step 'node and play by hand' by_hand
    step 'they end at Ctrl-C' stop
    step 'evaluate_bag' evaluate
    if bare 'ros2 launch --help' > /dev/null 2>&1; then
        step 'ros2 launch' launched
        step 'it ends at Ctrl-C, and its node' stop
        step 'ros2 launch scenario:=parking' scenario
        step 'it ends at Ctrl-C, and its node, again' stop
        step 'ros2 launch in two namespaces' namespaces
        step 'both end at Ctrl-C' stop
        step 'ros2 launch respawn:=true, and kill -9 of the node' respawned
        step 'it ends at Ctrl-C, and the second node' stop
    else
        echo 'skipped ros2 launch: the distribution has none'
    fi
    step 'colcon test' tests
    grep -ahE '^=+ .*passed' "$workspace/log/latest_test/roadseg_ros/stdout.log" | tail -n 1
    echo "$failures failed"
    [ "$failures" = 0 ]
}
main; exit  # Read whole before it runs: a script may be edited meanwhile.
