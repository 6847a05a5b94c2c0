//! Three brokers of which one dies, for the chaos run alone: they do not fit beside other tests on a small machine.

use std::time::Duration;

use reeve_tests::alerts::Alerts;
use reeve_tests::host::wait_until;
use reeve_tests::kafka::Kafka;
use reeve_tests::line::Line;
use reeve_tests::replica::Replica;

const PATIENCE: Duration = Duration::from_secs(120);

/// A replica in small batches, so that it has many transactions to do when a broker dies.
fn launch(line: &Line<'_>, instance: &str) -> Replica {
    let small = line.configuration(&[("records_max: 10000", "records_max: 5")]);
    line.replica(instance).argument("-c").argument(small).start()
}

/// What a supervisor does: deaths that follow each other fence a lane twice within a minute, and then it ends with 70.
fn revive(line: &Line<'_>, instance: &str, replica: &mut Replica) {
    if !replica.is_running() {
        let ended = replica.wait_end(PATIENCE);
        assert_eq!(ended.code(), Some(70), "{}", replica.log());
        assert!(replica.log().contains("fenced"), "{}", replica.log());
        *replica = launch(line, instance);
    }
}

/// Each broker in turn, so each coordinator too. Nothing is published meanwhile, and between two deaths all replicas of
/// the topics get in sync again: Java's producer gives records up whose broker dies, and the topics stand one death at a
/// time.
#[test]
fn each_of_three_brokers_may_die_in_the_middle_of_a_run() {
    // a busy machine must not pass for a dead broker
    let kafka = Kafka::start_with(3, &[("broker.session.timeout.ms", "6000")]);
    let line = Line::new(&kafka, "three", 4);
    let mut one = launch(&line, "one");
    let mut two = launch(&line, "two");
    let mut both_ready = || {
        wait_until(PATIENCE, "both replicas are ready", || {
            revive(&line, "one", &mut one);
            revive(&line, "two", &mut two);
            one.is_ready() && two.is_ready()
        });
    };
    both_ready();
    for broker in 1..=3 {
        kafka.wait_in_sync(PATIENCE);
        line.publish(&Alerts::generate(broker, 400, 80));
        kafka.kill(u8::try_from(broker).expect("it is one of three"));
        kafka.restart(u8::try_from(broker).expect("it is one of three"));
        both_ready();
    }
    line.wait_settled(PATIENCE);
    one.stop();
    two.stop();
    line.check();
}
