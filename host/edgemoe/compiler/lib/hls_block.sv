// SPDX-License-Identifier: Apache-2.0
// A block of N words that two processes hand over: the writer fills the shadow copy while the reader uses the active
// one. The reader's acquire takes the shadow over (the next cycle sees it) and gives it back to the writer.
module hls_block #(
    parameter int W = 8,
    parameter int N = 16
) (
    input  logic           clk,
    input  logic           rst,
    output logic           write_ok,       // the writer may acquire
    input  logic           write_acquire,
    input  logic           write_release,
    input  logic [N-1:0]   write_enable,
    input  logic [N*W-1:0] write_data,
    output logic           read_ok,        // the reader may acquire
    input  logic           read_acquire,
    output logic [N*W-1:0] read_data
);
  logic [N*W-1:0] shadow;
  logic full, held;  // the shadow waits for the reader; the writer has it

  assign write_ok = ~full & ~held;
  assign read_ok = full;

  always_ff @(posedge clk) begin
    for (int k = 0; k < N; k++) if (write_enable[k]) shadow[k*W +: W] <= write_data[k*W +: W];
    if (read_acquire) read_data <= shadow;
    if (rst) begin
      full <= 1'b0;
      held <= 1'b0;
    end else begin
      held <= write_acquire | (held & ~write_release);
      full <= write_release | (full & ~read_acquire);
    end
`ifndef SYNTHESIS
    if (!rst && read_acquire && !full) $fatal(1, "%m: acquired before it was filled");
`endif
  end
endmodule
