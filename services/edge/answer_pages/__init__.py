"""Answer pages: where a partner without an account answers the referral in a letter."""
