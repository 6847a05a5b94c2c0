# Names for the scripts; each also runs without just.

# all recipes
default:
    @just --list

# the whole line on this machine, without any service
demo *ARGS:
    scripts/demo {{ ARGS }}

# all lints and all tests, with a real Kafka; arguments go to cargo test
test *ARGS:
    scripts/test {{ ARGS }}

# what can be said of the code without running it
lint:
    scripts/lint

# write the code as rustfmt wants it
fmt:
    cargo fmt --all

# the tests of one crate: just crate reeve-ledger
crate NAME *ARGS:
    cargo test --locked -p {{ NAME }} {{ ARGS }}

# a real Apache Kafka on loopback: just kafka start, just kafka stop --dir DIR
kafka *ARGS:
    scripts/kafka {{ ARGS }}

# everything that may die, at more points and for longer than in `just test`
chaos *ARGS:
    cargo build --locked --workspace --bins
    REEVE_CHAOS=full cargo test --locked -p reeve-tests --test exactly_once --test restore --test rebalance -- {{ ARGS }}

# the pictures of docs/dashboards.md, from three minutes of a running reeve
pictures:
    cargo build --locked -p reeve
    REEVE_PICTURES="$PWD/docs/images" cargo test --locked -p reeve-tests --test dashboards every_query

# what a fresh machine lacks, for building and for the tests
setup:
    scripts/setup --tests
