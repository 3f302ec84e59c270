# fish completion for sioscope. What can be typed the program says itself (sioscope help --list).

# Is this the command that is typed, the report where there is none? Behind -- none is.
function __sioscope_is
    set -l words (commandline -opc)
    contains -- -- $words; and return 1
    contains -- "$words[2]" $__sioscope_commands; or set words[2] report
    test $words[2] = $argv[1]
end

function __sioscope_is_first
    test (count (commandline -opc)) -eq 1
end

function __sioscope_is_behind_dashes
    contains -- -- (commandline -opc)
end

# `check … -- COMMAND`: its own completion.
function __sioscope_complete_command
    set -l words (commandline -opc)
    set -l first (math (contains -i -- -- $words) + 1)
    complete -C (string join ' ' -- (string escape -- $words[$first..]) (commandline -ct))
end

# Captures and folders; any file where there are none.
function __sioscope_captures
    set -l typed (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    set -l files (complete -C "__fish_command_without_completions $typed")
    set -l captures (string match -r -- '^.*(?:/|\.(?:cap|pcap\d*|pcapng|gz|zst))$' $files)
    set -q captures[1]; and set files $captures
    string join \n -- $files
end

function __sioscope_interfaces
    sioscope -D 2>/dev/null | string replace -r '^(\S+)\s+\(?(.*?)\)?$' '$1\t$2'
end

function __sioscope_processes
    cat /proc/*/comm 2>/dev/null | sort -u
end

# Cgroups are folders, but below another root than the shell's.
function __sioscope_cgroups
    set -l typed (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    set -l folders /sys/fs/cgroup/$typed*/
    string replace /sys/fs/cgroup/ '' -- $folders
end

# A list with commas: its last word is the one that is typed. WORD..., and behind each what may follow it.
function __sioscope_list
    set -l typed (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    set -l before (string match -r -- '^.*,' $typed)
    string join \n -- "$before"$argv
end

# `--format …,junit=FILE`
function __sioscope_formats
    set -l typed (string match -r -g -- '(?:^--[^=]*=)?(.*)' (commandline -ct))
    if string match -q -r -- '=[^,]*$' $typed
        set -l before (string match -r -- '^.*=' $typed)
        string join \n -- "$before"(complete -C "__fish_command_without_completions "(string replace -- "$before" '' $typed))
    else
        __sioscope_list $argv
    end
end

# What `complete` is to know of an argument: a line each.
function __sioscope_argument --argument-names option argument words
    set words (string split , -- $words)
    switch $option:$argument
        case 'read:*'
            string join \n -- -x -k -a '(__sioscope_captures)'
        case 'process:*'
            string join \n -- -x -a '(__sioscope_processes)'
        case 'cgroup:*'
            string join \n -- -x -a '(__sioscope_cgroups)'
        case 'format:*'
            string join \n -- -x -a "(__sioscope_formats $words)"
        case '*:LIST'
            string join \n -- -x -a "(__sioscope_list $words)"
        case '*:FILE' '*:PATH'
            string join \n -- -r -F
        case '*:IFACE'
            string join \n -- -x -a '(__sioscope_interfaces)'
        case '*:PID'
            string join \n -- -x -a '(__fish_complete_pids)'
        case '*:USER'
            string join \n -- -x -a '(__fish_complete_users)'
        case '*:-'
        case '*'
            string join \n -- -x -a "$words"
    end
end

function __sioscope_add_option --argument-names command long letter argument words help
    set long (string replace -- -- '' $long)
    set -l names -l $long
    test $letter = -; or set -a names -s (string replace -- - '' $letter)
    complete -c sioscope -n "__sioscope_is $command" $names -d $help \
        (__sioscope_argument $long $argument (string replace -- - '' $words))
end

command -q sioscope; or exit
complete -c sioscope -f
set -g __sioscope_commands
sioscope help --list 2>/dev/null | while read -l -d \t kind name rest
    switch $kind
        case command
            set -a __sioscope_commands $name
            complete -c sioscope -n __sioscope_is_first -a $name -d "$rest"
            complete -c sioscope -n '__sioscope_is help' -a $name -d "$rest"
        case code
            complete -c sioscope -n '__sioscope_is explain' -a $name -d "$rest"
        case option
            __sioscope_add_option $name (string split \t -- $rest)
    end
end
complete -c sioscope -n '__sioscope_is bundle' -a '(__fish_complete_directories)'
complete -c sioscope -n __sioscope_is_behind_dashes -x -a '(__sioscope_complete_command)'
