// SPDX-License-Identifier: Apache-2.0
// Rides on every FIFO of a design under test and says at the end whether it was ever full and ever empty again.
module fifo_watch (
    input logic clk,
    input logic rst,
    input logic full_n,
    input logic empty_n
);
  logic seen_full = 1'b0, seen_used = 1'b0, seen_empty = 1'b0;
  always_ff @(posedge clk) begin
    if (!rst) begin
      if (!full_n) seen_full <= 1'b1;
      if (empty_n) seen_used <= 1'b1;
      if (seen_used && !empty_n) seen_empty <= 1'b1;
    end
  end
  final $display("FIFO %m full=%0d empty=%0d", seen_full, seen_empty);
endmodule

bind hls_fifo fifo_watch watch (.clk(clk), .rst(rst), .full_n(full_n), .empty_n(empty_n));
