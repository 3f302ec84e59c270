# bash completion for sioscope. What can be typed the program says itself (sioscope help --list).

# Offers those of the words that go on from what is typed.
_sioscope_offer() {
	local word
	for word; do
		[[ $word == "$typed"* ]] && COMPREPLY+=("$prefix$word")
	done
}

# The same for the lines of stdin.
_sioscope_offer_lines() {
	local lines
	mapfile -t lines
	_sioscope_offer "${lines[@]}"
}

# Captures and folders; any file where there are none.
_sioscope_offer_captures() {
	local file
	compopt -o filenames
	while IFS= read -r file; do
		[[ -d ${file/#\~/$HOME} || $file =~ \.(cap|pcap[0-9]*|pcapng|gz|zst)$ ]] && COMPREPLY+=("$prefix$file")
	done < <(compgen -f -- "$typed")
	[[ ${COMPREPLY[0]+is} ]] || compopt -o default
}

# Cgroups are folders, but below another root than the shell's.
_sioscope_offer_cgroups() {
	local folder
	compopt -o nospace
	while IFS= read -r folder; do
		_sioscope_offer "${folder#/sys/fs/cgroup/}/"
	done < <(compgen -d -- "/sys/fs/cgroup/$typed")
}

# A list with commas: its last word is the one that is typed.
_sioscope_offer_list() {
	compopt -o nospace
	prefix+=${typed%"${typed##*,}"} typed=${typed##*,}
	_sioscope_offer "$@"
}

_sioscope_offer_argument() { # OPTION ARGUMENT WORDS, as the list has them
	local words
	IFS=, read -ra words <<<"${3#-}"
	case $1:$2 in
	--read:*) _sioscope_offer_captures ;;
	--process:*) _sioscope_offer_lines < <(cat /proc/[0-9]*/comm 2>/dev/null | sort -u) ;;
	--cgroup:*) _sioscope_offer_cgroups ;;
	*:LIST) _sioscope_offer_list "${words[@]}" ;;
	*:FILE | *:PATH) compopt -o default ;;
	*:IFACE) _sioscope_offer_lines < <("$program" -D 2>/dev/null | sed 's/ .*//') ;;
	*:PID) _sioscope_offer_lines < <(cd /proc && printf '%s\n' [0-9]*) ;;
	*:USER) _sioscope_offer_lines < <(compgen -u) ;;
	*) _sioscope_offer "${words[@]}" ;;
	esac
}

# What stands without an option: `options` are this command's.
_sioscope_offer_word() {
	if ((COMP_CWORD == 1)) && [[ $typed != -* ]]; then
		_sioscope_offer "${commands[@]}"
	elif [[ $typed == -* ]]; then
		_sioscope_offer "${options[@]}"
	else
		case $command in
		help) _sioscope_offer "${commands[@]}" ;;
		explain) _sioscope_offer "${codes[@]}" ;;
		bundle) compopt -o dirnames ;;
		*) [[ $typed ]] || _sioscope_offer "${options[@]}" ;;
		esac
	fi
}

# `check … -- COMMAND`: its own completion, where bash-completion is there. False: no such command is typed.
_sioscope_offer_command() {
	local at
	[[ $command == check ]] || return
	for ((at = 2; at < COMP_CWORD; at++)); do
		[[ ${COMP_WORDS[at]} == -- ]] || continue
		if declare -F _command_offset >/dev/null; then
			_command_offset $((at + 1))
		else
			compopt -o default
			((at + 1 < COMP_CWORD)) || _sioscope_offer_lines < <(compgen -c -- "$typed" | sort -u)
		fi
		return 0
	done
	return 1
}

# Where = parts words, --option=typed are three; elsewhere one. Sets typed, before and prefix.
_sioscope_part() {
	typed=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} prefix=
	if [[ $typed == "=" ]]; then
		typed=
	elif [[ $before == "=" ]]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ $typed == --*=* ]]; then
		before=${typed%%=*} prefix=${typed%%=*}= typed=${typed#*=}
		return
	else
		return
	fi
	[[ $before == -* ]] || before="=" # --format …,junit=FILE
}

_sioscope() {
	local typed before prefix program=${1/#\~/$HOME} command=report commands=() options=() codes=()
	local kind name long letter argument words argument_of=()
	COMPREPLY=()
	_sioscope_part
	while IFS=$'\t' read -r kind name long letter argument words _; do
		case $kind in
		command)
			commands+=("$name")
			((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} == "$name" ]] && command=$name
			;;
		code) codes+=("$name") ;;
		option)
			[[ $name == "$command" ]] || continue
			options+=("$long")
			[[ $argument != - && $before == -?* && ($before == "$long" || $before == "$letter") ]] &&
				argument_of=("$long" "$argument" "$words")
			;;
		esac
	done < <("$program" help --list 2>/dev/null)
	_sioscope_offer_command && return
	if [[ $before == "=" ]]; then
		compopt -o default
	elif [[ ${argument_of[0]+is} ]]; then
		_sioscope_offer_argument "${argument_of[@]}"
	else
		_sioscope_offer_word
	fi
}

complete -F _sioscope sioscope
