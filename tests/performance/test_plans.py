def test_speed(many):
    pass
