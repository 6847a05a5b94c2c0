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
    REEVE_CHAOS=full cargo test --locked -p reeve-tests --test exactly_once --test restore --test rebalance --test three_brokers -- {{ ARGS }}

# the pictures of docs/dashboards.md, from three minutes of a running reeve
pictures:
    cargo build --locked -p reeve
    REEVE_PICTURES="$PWD/docs/images" cargo test --locked -p reeve-tests --test dashboards every_query

# the JSON Schemas and the AsyncAPI document, as the types have them; what is removed or retyped fails its test
schemas:
    cargo build --locked -p reeve
    for kind in finding evidence receipt task event dead_letter; do target/debug/reeve schema $kind > docs/schemas/$kind.json; done
    target/debug/reeve schema asyncapi > docs/asyncapi.yaml

# compose, Kubernetes, AsyncAPI and the JSON Schemas against their published schemas
manifests:
    scripts/manifests --self-test

# bytes that nobody thought of, for every entry point: just fuzz --seconds 3600 alert
fuzz *ARGS:
    scripts/fuzz {{ ARGS }}

# the image, built and looked at without an engine; root on Debian
image:
    scripts/image

# what a fresh machine lacks, for building and for the tests
setup:
    scripts/setup --tests

# speed, cost and latency beside the bare client and two peers: just load --quick
load *ARGS:
    load-tests/run {{ ARGS }}

# results a second of every format, envelope and mapping: just bench format/asff
bench *ARGS:
    cargo bench --locked -p reeve-formats --bench formats -- {{ ARGS }}

# user instructions a result takes in the normalizer: just instructions format/asff
instructions *ARGS:
    load-tests/instructions {{ ARGS }}

# user instructions a record takes in the dispatcher, and memory a case
records *ARGS:
    load-tests/records {{ ARGS }}

# ten minutes of kills, faults, poison and reloads, then the checker
soak *ARGS:
    load-tests/soak {{ ARGS }}
