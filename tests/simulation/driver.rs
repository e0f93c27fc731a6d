//! The driver as a specification: what it makes of an alarm and of storage in each state.

use hamster_kit::{Deed, Object, Storage};
use hamster_terminal::access::Standing;
use hamster_terminal::dialect::Dialect;
use hamster_terminal::driver::{Event, HeldAlarm, Wakeup};
use hamster_terminal::hub::{Carrier, Config, Input, RestAnswer, Row};
use hamster_terminal::market::{DAY, MINUTE, Millis, SECOND};

/// Midnight of a January day.
const BEGIN: Millis = 20_465 * DAY;
/// From one checkpoint to the next.
const CHECKPOINT: Millis = 30 * SECOND;

/// An object with a client, so that it wants an alarm.
fn watched(storage: Storage) -> Object {
    let mut object = Object::new(Config::from_vars(false, |_| None).unwrap());
    object.platform.storage = storage;
    begin(&mut object, BEGIN);
    object
}

fn begin(object: &mut Object, now: Millis) {
    let began = object.begin(7, now);
    object.happen(began, now);
    let client = object.admit(None, Standing::Anybody, now).unwrap();
    object.happen(Event::Joined(client, Dialect::Plain, Carrier::WebSocket), now);
}

fn runs(object: &Object, wanted: impl Fn(Wakeup) -> bool) -> Option<Millis> {
    let timers = object.platform.timers.iter();
    timers.filter(|(_, why)| wanted(*why)).map(|(at, _)| *at).min()
}

#[test]
fn a_poke_that_finds_no_alarm_sets_it_again() {
    let mut object = watched(Storage::Works);
    let (first, at) = (object.platform.settings, object.platform.alarm.unwrap());
    object.happen(Event::Poked(HeldAlarm::At(at)), BEGIN + SECOND);
    object.happen(Event::Poked(HeldAlarm::Unknown), BEGIN + SECOND);
    assert_eq!(object.platform.settings, first, "one that is set costs no row");
    object.platform.alarm = None;
    object.happen(Event::Poked(HeldAlarm::Absent), BEGIN + SECOND);
    assert_eq!(object.platform.alarm, Some(at));
}

#[test]
fn a_poke_does_not_believe_in_an_alarm_that_should_have_fired() {
    let mut object = watched(Storage::Works);
    let (first, at) = (object.platform.settings, object.platform.alarm.unwrap());
    object.happen(Event::Poked(HeldAlarm::At(at)), at + SECOND);
    assert_eq!(object.platform.settings, first + 1);
}

#[test]
fn an_alarm_that_is_refused_is_set_again_after_five_seconds() {
    let mut object = watched(Storage::Refuses);
    assert_eq!(object.platform.alarm, None);
    let retry = runs(&object, |why| why == Wakeup::AlarmRetry);
    assert_eq!(retry, Some(BEGIN + 5 * SECOND));
    object.platform.storage = Storage::Works;
    object.wake(BEGIN + 5 * SECOND);
    assert!(object.platform.alarm.is_some());
    assert!(!object.is_troubled());
}

#[test]
fn while_storage_rests_the_alarms_deadlines_are_kept_in_memory() {
    let mut object = watched(Storage::Breaks);
    assert!(object.platform.is_doomed, "the alarm could not be committed");
    object.end();
    object.platform.storage = Storage::Works;
    let restart = BEGIN + SECOND;
    begin(&mut object, restart);
    assert!(object.is_troubled());
    assert_eq!(object.platform.alarm, None);
    let timer = runs(&object, |why| matches!(why, Wakeup::Deadline(_)));
    assert!(timer.is_some_and(|at| at <= restart + CHECKPOINT), "{timer:?}");

    object.platform.take_deeds();
    let mut now = restart;
    while object.is_troubled() {
        now = object.next_deadline().unwrap();
        object.wake(now);
    }
    assert!(now >= restart + 4 * CHECKPOINT, "storage was left alone");
    assert!(now < restart + 4 * CHECKPOINT + MINUTE);
    assert!(object.platform.alarm.is_some());
}

#[test]
fn a_timer_that_nothing_needs_any_more_does_not_keep_the_object_in_memory() {
    let mut object = watched(Storage::Works);
    let deadline = |object: &Object| runs(object, |why| matches!(why, Wakeup::Deadline(_)));
    let deeds = object.platform.take_deeds();
    let link = deeds.iter().find_map(|deed| match deed {
        Deed::OpenUpstream(link) => Some(*link),
        _ => None,
    });
    let error = "connection refused".to_owned();
    object.happen(Input::Lost(link.unwrap(), error), BEGIN + SECOND);
    let mut request = None;
    for _ in 0..20 {
        let deeds = object.platform.take_deeds();
        request = request.or(deeds.into_iter().find_map(|deed| match deed {
            Deed::Fetch(request, _) => Some(request),
            _ => None,
        }));
        if request.is_some() {
            break;
        }
        let now = object.next_deadline().unwrap();
        object.wake(now);
    }
    let now = BEGIN + 4 * SECOND;
    assert!(deadline(&object).is_some(), "the call's answer is awaited");
    let refused = RestAnswer {
        status: 503,
        credits: None,
        body: String::new(),
    };
    object.happen(Input::Fetched(request.unwrap(), refused), now);
    assert_eq!(deadline(&object), None);
    assert!(!object.platform.is_kept_awake());
}

#[test]
fn a_row_that_storage_refused_is_written_with_a_later_checkpoint() {
    let mut object = watched(Storage::Works);
    object.platform.storage = Storage::Refuses;
    let checkpoints = |object: &mut Object| {
        let deeds = object.platform.take_deeds();
        deeds
            .iter()
            .filter(|deed| **deed == Deed::Write(Row::Checkpoint))
            .count()
    };
    for _ in 0..20 {
        let now = object.next_deadline().unwrap();
        object.wake(now);
    }
    assert!(checkpoints(&mut object) > 0);
    assert_eq!(object.platform.rows.checkpoint, None);
    object.platform.storage = Storage::Works;
    for _ in 0..20 {
        let now = object.next_deadline().unwrap();
        object.wake(now);
    }
    assert!(object.platform.rows.checkpoint.is_some());
}
