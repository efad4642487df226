"""Working time against clocks that Python's zoneinfo reads: worktime PROGRAM. A year and more of each zone is read minute
by minute, and what was worked between two times is the number of minutes between them whose reading lies within the
hours of a day that is no holiday. (Hours are whole minutes, and so are these zones' offsets.)"""
import datetime
import random
import subprocess
import sys
import tempfile
import unittest
import zoneinfo

PROGRAM = sys.argv.pop(1)
MINUTE, DAY, EPOCH = 60_000_000, 1440, datetime.date(1970, 1, 1)
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PAIRS = 4000  # of times, for each calendar

OFFICE = [("mon-fri", 480, 1020)]
NIGHTS = [("mon-sat", 1290, 1440), ("tue-sun", 0, 365)]  # over midnight
TURNS = [("sun", 90, 150), ("sun", 160, 195), ("mon-fri", 500, 733), ("mon-fri", 733, 1001), ("sat", 0, 1440)]
PIECES = [("mon-sun", 20 + 175 * i, 100 + 175 * i) for i in range(8)]

ZONES = {  # zone: first day, what is of interest there
    "America/Chicago": (2025, 12, 1),
    "Europe/Berlin": (2025, 12, 1),
    "Australia/Lord_Howe": (2025, 12, 1),  # half an hour of summer, in the south
    "Asia/Kolkata": (2025, 12, 1),  # +05:30
    "America/Santiago": (2025, 12, 1),  # changes at midnight: 24:00 comes twice
    "Europe/Dublin": (2025, 12, 1),  # winter is the exception
    "Africa/Casablanca": (2025, 12, 1),  # around Ramadan
    "Antarctica/Troll": (2025, 12, 1),  # two hours
    "Pacific/Apia": (2011, 6, 1),  # without 2011-12-30
    "America/New_York": (2098, 11, 1),  # by the rule behind the list, to the end of time
    "Europe/Paris": (2098, 11, 1),  # a rule of last Sundays
    "Australia/Sydney": (2087, 1, 1),  # summer over the new year
}
LONG = 426  # days: a year and some


def day_number(*date):
    return (datetime.date(*date) - EPOCH).days


class Calendar:
    """Minutes worked since the first one, for each minute."""

    def __init__(self, zone, first, week, holidays):
        self.hours = {(WEEKDAYS.index(d), m) for days, a, b in week for d in self.span(days) for m in range(a, b)}
        self.holidays = set(holidays)
        self.first = day_number(*first) * DAY
        zone, self.worked = zoneinfo.ZoneInfo(zone), [0]
        for minute in range(self.first, self.first + LONG * DAY):
            clock = datetime.datetime.fromtimestamp(minute * 60, zone)
            at_work = (clock.weekday(), clock.hour * 60 + clock.minute) in self.hours
            self.worked.append(self.worked[-1] + (at_work and clock.date() not in self.holidays))

    @staticmethod
    def span(days):
        first, last = WEEKDAYS.index(days[:3]), WEEKDAYS.index(days[-3:])
        return WEEKDAYS[first : last + 1]

    def until(self, us):
        minute, rest = divmod(us - self.first * MINUTE, MINUTE)
        if minute == LONG * DAY:
            return self.worked[-1] * MINUTE
        return self.worked[minute] * MINUTE + (self.worked[minute + 1] - self.worked[minute]) * rest

    def earliest(self, worked_us, no_later_us):
        """The first microsecond by which so much was worked: halving, on a sum that never falls."""
        low, high = self.first * MINUTE, no_later_us
        while low < high:
            middle = (low + high) // 2
            if self.until(middle) >= worked_us:
                high = middle
            else:
                low = middle + 1
        return low

    def wd(self):
        days = {day for day, _ in self.hours}
        return len(self.hours) * MINUTE // len(days)


def clock_time(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


class WorkingTime(unittest.TestCase):
    def ask(self, zone, first, week, holidays, lines):
        spoken = ", ".join(f"{days} {clock_time(a)}-{clock_time(b)}" for days, a, b in week)
        dates = ", ".join(str(d) for d in holidays)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
            f.write(f"calendars: [{{ id: c, zone: {zone}, week: [{spoken}], holidays: [{dates}] }}]\n")
            f.flush()
            done = subprocess.run([PROGRAM, f.name], input="c\n" + "".join(f"c {a} {b}\n" for a, b in lines),
                                  capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def moments(self, chance, calendar):
        """Any microsecond; for a third of them a whole quarter of an hour, where things begin and end."""
        begin, length = calendar.first * MINUTE, LONG * DAY * MINUTE
        step = 15 * MINUTE if chance.random() < 1 / 3 else 1
        return sorted(begin + chance.randrange(0, length // step + 1) * step for _ in range(2))

    def check(self, zone, first, week, seed):
        chance = random.Random(seed)
        start = datetime.date(*first)
        holidays = sorted(start + datetime.timedelta(days=d) for d in chance.sample(range(LONG), 12))
        calendar = Calendar(zone, first, week, holidays)
        lines = [self.moments(chance, calendar) for _ in range(PAIRS)]
        wd, *answers = self.ask(zone, first, week, holidays, lines)
        self.assertEqual(int(wd), calendar.wd())
        self.assertEqual(len(answers), PAIRS)
        inverse = 0
        for (a, b), answer in zip(lines, answers):
            worked, when = map(int, answer.split())
            self.assertEqual(worked, calendar.until(b) - calendar.until(a), (zone, a, b))
            if calendar.until(b) > 0:  # else it is before the days that were read
                self.assertEqual(when, calendar.earliest(calendar.until(b), b), (zone, b))
                inverse += 1
        self.assertGreater(inverse, PAIRS * 0.9)


def add(zone, first, name, week, seed):
    label = f"test_{zone.replace('/', '_').lower()}_{name}"
    setattr(WorkingTime, label, lambda self: self.check(zone, first, week, seed))


for number, (place, begins) in enumerate(ZONES.items()):
    for offset, (kind, week_of_kind) in enumerate(
        [("turns", TURNS), [("nights", NIGHTS), ("office", OFFICE), ("pieces", PIECES)][number % 3]]
    ):
        add(place, begins, kind, week_of_kind, 100 * number + offset)

if __name__ == "__main__":
    unittest.main()
