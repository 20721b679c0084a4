"""The demo: fictional partners, fictional patients, and the story of their referrals."""
