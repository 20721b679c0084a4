"""One replica of referrals as a process under test: all of it, as it runs in production."""

from bench import under_test
from messaging import logs
from messaging.logs import LogFormat
from messaging.settings import load_settings
from services.referrals.app import build
from services.referrals.settings import ReferralsSettings


def main() -> None:
    logs.configure("referrals", LogFormat.JSON)
    under_test.obey(build(load_settings(ReferralsSettings)).run)


if __name__ == "__main__":
    main()
