"""Operations that take something of every room."""
