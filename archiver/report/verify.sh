#!/bin/sh
# Verifies an unpacked evidence bundle with a POSIX shell, openssl 3 and GNU coreutils, and nothing else:
#
#     sh evidence/verify.sh [--keys FILE] [--roots FILE]       (in the folder that has evidence/ in it)
#
# --keys   the archive's public keys, one a line (name+id+base64), from elsewhere than the bundle
# --roots  the root certificates of the time-stamp authorities, PEM, from elsewhere than the bundle
#
# Without them it takes the keys and roots of the bundle, which whoever forged it would have forged, too.
# Exit code: 0 nothing is wrong, 4 something was altered or is missing, 2 it could not be run.
# Nothing that is read is ever run, and of what is read only plain characters are printed. It looks at hashes,
# signatures, proofs and time stamps; not into the WARC, nor whether a key or certificate was revoked since.

set -u
LC_ALL=C TZ=UTC0
export LC_ALL TZ
unset CDPATH POSIXLY_CORRECT
e=evidence before=evidence/timestamp-before later=evidence/timestamp-later bad=0 keys='' roots=''

misuse() { printf '%s\n' "$1" >&2; exit 2; }
plain() { printf %s "$1" | tr -cd ' -~' | head -c 300; }
pass() { printf 'PASS       %s\n' "$(plain "$1")"; }
fail() { printf 'FAIL       %s\n' "$(plain "$1")"; bad=1; }
unknown() { printf 'NOT KNOWN  %s\n' "$(plain "$1")"; }
sha() { sha256sum | head -c 64; }
hex() { od -An -v -tx1 | tr -d ' \n'; }
unhex() { printf %s "$1" | tr a-f A-F | basenc -d --base16; }
base64_to_hex() { printf %s "$1" | base64 -d 2>/dev/null | hex; }
quiet() { "$@" >/dev/null 2>&1; }
utc() { date -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }
number() { case $1 in 0?* | '' | *[!0-9]* | ??????????????????*) return 1 ;; esac; }

while [ $# -gt 0 ]; do
    case $1 in --keys) keys=${2-} ;; --roots) roots=${2-} ;; *) misuse 'usage: verify.sh [--keys FILE] [--roots FILE]' ;; esac
    [ -f "${2-}" ] && [ -r "$2" ] || misuse "$1 needs a file that can be read"
    shift 2
done
[ -f $e/snapshot.note ] || misuse 'there is no evidence/snapshot.note here: unpack the bundle and run this in its folder'
quiet basenc --version || misuse 'this needs GNU coreutils, 8.31 or newer'
case $(openssl pkeyutl -help 2>&1) in *-rawin*) ;; *) misuse 'this needs openssl, 3.0 or newer' ;; esac
t=$(mktemp -d) || misuse 'no folder for temporary files could be made'
trap 'rm -rf "$t"' EXIT
trap 'exit 2' HUP INT TERM
mkdir "$t/keys" "$t/roots"

# --- 1. Every file is listed with its hash, and no other is there

walk() {
    for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
        case $f in ./datapackage.json | ./datapackage-digest.json | ./evidence/SHA256SUMS) continue ;; esac
        if [ -L "$f" ]; then printf 'a link  %s\n' "$(plain "$f")"
        elif [ -d "$f" ]; then walk "$f"
        elif [ -f "$f" ]; then sha256sum -- "${f#./}"
        elif [ -e "$f" ]; then printf 'no file  %s\n' "$(plain "$f")"; fi
    done
}
walk . 2>&1 | sort -k 2 >"$t/found"
hash_of() { while read -r h name; do [ "$name" != "$1" ] || printf %s "$h"; done <"$t/found"; }

if [ "$(sha <"$t/found")" = "$(sha <$e/SHA256SUMS)" ]; then
    pass 'evidence/SHA256SUMS lists every file with its hash'
else
    fail 'evidence/SHA256SUMS lists other files or hashes than there are (left: listed, right: there):'
    sort $e/SHA256SUMS >"$t/listed"
    sort "$t/found" | comm -3 "$t/listed" - | head -n 20 |
        while IFS= read -r line; do printf '           %s\n' "$(printf %s "$line" | tr '\t' ' ' | tr -cd ' -~')"; done
fi
if [ "$(printf '{\n  "path": "datapackage.json",\n  "hash": "sha256:%s"\n}\n' "$(sha <datapackage.json)" | sha)" = \
    "$(sha <datapackage-digest.json)" ]; then
    pass 'datapackage-digest.json has the hash of datapackage.json'
else
    fail 'datapackage-digest.json has not the hash of datapackage.json'
fi

# --- 2. The keys of the log, Ed25519. A key's id is the beginning of SHA-256 over its name, a line end, 1, and the key.

if [ "$keys" ]; then
    tr -d '\r' <"$keys" >"$t/text"
    while read -r line || [ "$line" ]; do
        case $line in '' | '#'*) continue ;; esac
        name=${line%%+*} id=${line#*+} key=${line#*+*+}
        printf %s "$key" | base64 -d >"$t/key" 2>/dev/null
        [ "${id%%+*}" = "$({ printf '%s\n' "$name"; cat "$t/key"; } | sha | head -c 8)" ] || misuse "$(plain "$line") is no key"
        { # what RFC 8410 puts before such a key, in base64, and the key
            printf -- '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA%s\n' "$(tail -c +2 "$t/key" | base64 -w 0)"
            printf -- '-----END PUBLIC KEY-----\n'
        } >"$t/keys/${id%%+*}.pem"
        printf %s "$name" >"$t/keys/${id%%+*}.name"
    done <"$t/text"
else
    for file in $e/key.*.pem; do cp "$file" "$t/keys/${file#"$e/key."}" 2>/dev/null; done
    unknown 'whose keys these are: they come with the bundle, and it alone vouches for them (--keys)'
fi

# A note (C2SP signed-note) is a text, an empty line, and lines "— name base64(id of the key, signature)".
# Sets `by` to the names of those keys above that signed it. Fails where one did not that is said to have.
signed() { # NOTE WHAT
    by='' wrong=''
    csplit -s -f "$t/part" "$1" '/^$/' 2>/dev/null || wrong=1
    tail -n +2 "$t/part01" >"$t/lines" 2>/dev/null
    while read -r dash name data; do
        printf %s "$data" | base64 -d >"$t/signature" 2>/dev/null
        id=$(head -c 4 "$t/signature" | hex)
        [ "$dash" = '—' ] && [ "$id" ] || wrong=1
        [ -f "$t/keys/$id.pem" ] || continue
        [ ! -f "$t/keys/$id.name" ] || [ "$(cat "$t/keys/$id.name")" = "$name" ] || continue
        tail -c +5 "$t/signature" >"$t/signed"
        quiet openssl pkeyutl -verify -rawin -pubin -inkey "$t/keys/$id.pem" -sigfile "$t/signed" -in "$t/part00" || wrong=1
        by="$by $name"
    done <"$t/lines"
    if [ "$wrong" ]; then fail "$2 has a wrong signature, or is no signed note"
    elif [ "$by" ]; then pass "$2 is signed by$by"
    else return 1; fi
}

# --- 3. The notes are signed, and in the log

# The first member of that name in a statement, one line of canonical JSON (RFC 8785). No text in it looks like a
# member: a quote that is part of a text has a backslash before it.
member() { # NAME FILE
    head -n 1 "$2" | tr ',{}' '\n\n\n' | while read -r piece; do
        case $piece in "\"$1\":"*) printf %s "${piece#*:}" | tr -cd 'a-zA-Z0-9:.-' && break ;; esac
    done
}

# The entry follows from the note: its commitment is SHA-256 over salt and note; the leaf SHA-256 over 0 and the entry.
leaf_of() { # NAME TYPE
    salt=$(cat "$e/$1.salt" 2>/dev/null)
    case $salt in *[!0-9a-f]*) return 1 ;; esac
    commitment=$({ unhex "$salt"; cat "$e/$1.note"; } | sha)
    printf '\000{"commitment":"%s","id":"%s","type":"%s"}' "$commitment" "$(member id "$e/$1.note")" "$2" | sha
}

# A proof (C2SP tlog-proof) is a line, "index" and the number of the entry, hashes, an empty line, and the checkpoint:
# origin, size and root, signed. The leaf must lead to the root (RFC 9162, section 2.1.3.2). Sets `index`.
included() { # PROOF LEAF: leaves the checkpoint in $t/checkpoint
    index='' value=$2
    csplit -s -f "$t/part" "$1" '/^$/' 2>/dev/null || return 1
    tail -n +2 "$t/part01" >"$t/checkpoint"
    { read -r origin && read -r size && read -r root; } <"$t/checkpoint" && number "$size" || return 1
    set -f
    set -- $(cat "$t/part00") # which has no blanks that mean anything
    set +f
    [ "${1-} ${2-}" = 'c2sp.org/tlog-proof@v1 index' ] && number "${3-}" && [ "$3" -lt "$size" ] || return 1
    index=$3 node=$3 last=$((size - 1))
    shift 3
    for each; do
        each=$(base64_to_hex "$each")
        [ ${#each} = 64 ] && [ $last -gt 0 ] || return 1
        if [ $((node % 2)) = 1 ] || [ "$node" = "$last" ]; then
            value=$({ printf '\001'; unhex "$each$value"; } | sha)
            while [ $((node % 2)) = 0 ] && [ "$node" -gt 0 ]; do node=$((node / 2)) last=$((last / 2)); done
        else
            value=$({ printf '\001'; unhex "$value$each"; } | sha)
        fi
        node=$((node / 2)) last=$((last / 2))
    done
    [ $last = 0 ] && [ "$value" = "$(base64_to_hex "$root")" ]
}

note() { # NAME: sets `leaf` and `index`, to nothing where it is not in the log
    leaf='' index=''
    if ! signed "$e/$1.note" "$e/$1.note"; then
        case $1 in
            *-*) unknown "who signed $e/$1.note: none of the keys" ;;
            *) fail "$e/$1.note is signed by none of the keys" ;;
        esac
    fi
    if leaf=$(leaf_of "$1" "${1%-*}") && included "$e/$1.tlog-proof" "$leaf"; then
        pass "$e/$1.note is entry $index of the log, whose root is signed"
        [ -f "$t/newest" ] || cp "$t/checkpoint" "$t/newest"
        [ "$(sha <"$t/checkpoint")" = "$(sha <"$t/newest")" ] || fail "$e/$1.tlog-proof has another checkpoint"
    else
        fail "$e/$1.note, salt and proof do not lead to the root of the log"
    fi
}

checkpoint() { # FILE WHAT: a key of the log must have signed it, whose name is the log's
    by=''
    signed "$1" "$2"
    read -r origin <"$1"
    case "$by " in *" $origin "*) ;; *) fail "$2 is signed by no key of its log" ;; esac
}

note snapshot
at=$index leaf_of_snapshot=${leaf:-none}
note intent
if [ "${index:-1}" -lt "${at:-0}" ] && [ "$(member id $e/intent.note)" = "$(member id $e/snapshot.note)" ]; then
    pass 'the intent is of the same capture, and came before the result'
else
    fail 'the intent is of another capture, or did not come before the result'
fi
for file in $e/key-*.note $e/derivation-*.note; do
    file=${file#"$e/"}
    [ ! -f "$e/$file" ] || note "${file%.note}"
done
[ ! -f "$t/newest" ] || checkpoint "$t/newest" 'the checkpoint of the log'

# --- 4. The files that the statement names by their hashes

statement=$(head -n 1 $e/snapshot.note)
named() { # ROLE FILE
    case $statement in
        *"\"role\":\"$1\",\"sha256\":\"$(hash_of "$2")\"}"*) pass "$2 is the file that the statement names" ;;
        *) fail "$2 is not the file that the statement names" ;;
    esac
}
named warc archive/data.warc.gz
named cdxj $e/capture.cdxj.txt
case $statement in # of the whole page, or of what was seen first of it
    *"\"role\":\"full_screenshot\",\"sha256\":\"$(hash_of $e/screenshot.png)\"}"*) named full_screenshot $e/screenshot.png ;;
    *'"role":"screenshot"'* | *'"role":"full_screenshot"'*) named screenshot $e/screenshot.png ;;
esac

# --- 5. Time stamps (RFC 3161)

if [ "$roots" ]; then
    tr -d '\r' <"$roots" >"$t/text"
    n=0
    while IFS= read -r line || [ "$line" ]; do # each certificate into a file of its own
        case $line in '-----BEGIN CERTIFICATE-----') n=$((n + 1)) ;; esac
        printf '%s\n' "$line" >>"$t/roots/$n.pem"
    done <"$t/text"
    [ $n -gt 0 ] || misuse '--roots has no certificate in PEM'
else
    for file in $e/root.*.pem; do cp "$file" "$t/roots/${file#"$e/root."}" 2>/dev/null; done
fi

# Is it a time stamp over DATA that leads to a root, with a certificate that was valid at the time that it says?
# Appends a line "seconds authority root" to BOUNDS; to the time the accuracy is added, SIGN 1, or taken off, -1.
stamp() { # RESPONSE DATA BOUNDS SIGN
    by=${1%.tsr} said='' accuracy='' digest='' slack=0
    by=${by##*.}
    case ${1##*/} in *[!a-z0-9.-]*) fail "$1 has a name that no time stamp has" && return ;; esac
    quiet openssl ts -reply -in "$1" -token_out -text -out "$t/token" || : >"$t/token"
    while IFS= read -r line; do # the first line of each kind: later ones may be the authority's name
        case $line in
            'Hash Algorithm: '*) digest=${digest:-${line#*: }} ;;
            'Time stamp: '*) said=${said:-${line#*: }} ;;
            'Accuracy: '*) accuracy=${accuracy:-${line#*: }} ;;
        esac
    done <"$t/token"
    case $digest in sha256 | sha384 | sha512) ;; *) said='' ;; esac
    seconds=${accuracy%% *}
    case ${seconds#0x} in '' | u*) ;; *[!0-9A-F]* | ????*) said='' ;; *) slack=$((seconds)) ;; esac
    case $said in '' | *[!A-Za-z0-9:.\ ]*) fail "$1 is no time stamp, a very vague one, or its digest can be forged" && return ;; esac
    when=$(date -d "$said" +%s)
    case ${accuracy#0x} in *0x*) slack=$((slack + 1)) ;; esac # parts of seconds, rounded up
    case $said in *.*) slack=$((slack + 1)) ;; esac
    for root in "$t"/roots/*.pem; do
        [ "$roots" ] || case ${root##*/} in "$by".*) ;; *) continue ;; esac
        quiet openssl ts -verify -attime "$when" -data "$2" -in "$1" -CAfile "$root" || continue
        pass "$1 is of $(utc "$when"), over $2"
        quiet openssl ts -verify -data "$2" -in "$1" -CAfile "$root" || printf '           %s\n           %s\n' \
            'its certificate has expired since; at its own time it was valid:' \
            "openssl ts -verify -attime $when -data $2 -in $1 -CAfile ROOT"
        print=$(openssl x509 -in "$root" -noout -fingerprint -sha256)
        printf '%s %s %s\n' $((when + $4 * slack)) "$by" "${print#*=}" >>"$3"
        return
    done
    fail "$1 is no time stamp over $2 that leads to one of the roots"
}

stamps() { # PREFIX DATA BOUNDS SIGN: all responses over DATA, and the renewals of them
    for file in "$1".*.tsr "$1".renewal-*.sums; do
        case ${file#"$1"} in
            *'*'*) ;; # there is none
            .renewal-*.tsr) renewal=${file#"$1".renewal-} && stamp "$file" "$1.renewal-${renewal%%.*}.sums" "$t/renewed" 1 ;;
            *.tsr) stamp "$file" "$2" "$3" "$4" ;;
            *) # the list of what it renews has names without the prefix
                if while read -r h name; do printf '%s  %s.%s\n' "$h" "$1" "$name"; done <"$file" | quiet sha256sum -c --strict
                then pass "$file lists what it renews"; else fail "$file does not list what it renews"; fi ;;
        esac
    done
}

: >"$t/after"
: >"$t/before"
: >"$t/renewed"
stamps $e/timestamp-snapshot $e/snapshot.note "$t/before" 1
if [ -f $later.checkpoint.txt ] || [ -f $later.snapshot.tlog-proof ]; then
    if included $later.snapshot.tlog-proof "$leaf_of_snapshot" && [ "$index" = "$at" ] &&
        [ "$(head -n 3 "$t/checkpoint" | sha)" = "$(sha <$later.checkpoint.txt)" ]; then
        pass "the snapshot is in the log of $later.checkpoint.txt"
        checkpoint "$t/checkpoint" 'that checkpoint'
    else
        fail "the snapshot is not in the log of $later.checkpoint.txt"
    fi
fi
stamps $later $later.checkpoint.txt "$t/before" 1
if [ -f $before.checkpoint.txt ]; then
    { read -r origin; read -r size; read -r root; } <$before.checkpoint.txt
    root=$(base64_to_hex "$root")
    case $statement in
        *"\"sealed_after\":{\"checkpoint\":{\"root\":\"$root\",\"size\":$size},"*)
            pass "$before.checkpoint.txt is the state of the log that the statement names" ;;
        *) fail "$before.checkpoint.txt is not the state of the log that the statement names" ;;
    esac
fi
for file in $before.*.tsr; do
    [ ! -f "$file" ] || case $statement in
        *"\"sha256\":\"$(hash_of "$file")\",\"time\":\""*) pass "$file is named in the statement" ;;
        *) fail "$file is not named in the statement" ;;
    esac
done
stamps $before $before.checkpoint.txt "$t/after" -1

# --- 6. Between which moments it was sealed. Of each end the second best authority counts: one alone cannot lie.

bound() { # WORD: reads lines "seconds authority root", the best first
    end='' by=''
    while read -r seconds name print; do
        if [ -z "$end" ]; then
            end=$seconds first=$name its=$print by="$name alone"
        elif [ "$name" != "$first" ] && [ "$print" != "$its" ]; then
            end=$seconds by="$first and $name"
            break
        fi
    done
    if [ "$end" ]; then pass "sealed $1 $(utc "$end"), by $by"; else unknown "sealed $1 which moment: no time stamp says it"; fi
}
sort -rn "$t/after" >"$t/text" && bound after <"$t/text"
since=$end
sort -n "$t/before" >"$t/text" && bound before <"$t/text"
[ -z "$since" ] || [ -z "$end" ] || [ "$since" -le "$end" ] || fail 'it cannot have been sealed after the one and before the other'

used=$(cat "$t/after" "$t/before" "$t/renewed" | cut -d ' ' -f 2- | sort -u)
[ -z "$used" ] || [ "$roots" ] || unknown 'whose roots these are: they come with the bundle, and it alone vouches for them (--roots)'
[ -z "$used" ] || printf '           SHA-256 of the roots, to compare with what the authorities publish:\n%s\n' "$used"
unknown 'what nothing signed is about: README, reports, chain.json, pages, indexes; `archiver verify` makes them again'
[ $bad = 0 ] || { printf 'ALTERED\n' && exit 4; }
printf 'Nothing is wrong, as far as this looks.\n'
